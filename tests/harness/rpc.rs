//! One request, one answer, over the daemon's unix socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use supervisor_rpc::client::{Address, Client, ClientError};
use supervisor_rpc::value::Value;

use crate::wait::CEILING;

/// Sends bytes to a socket and returns all that comes back until the other side closes.
pub(crate) fn exchange(socket: &Path, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(CEILING))?;
    stream.write_all(request)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(answer)
}

/// Calls a method on a connection of its own.
pub(crate) fn call(socket: &Path, method: &str, params: &[Value]) -> Result<Value, ClientError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut client = Client::new(Address::Unix(socket.to_owned()), None);
        match tokio::time::timeout(CEILING, client.call(method, params)).await {
            Ok(result) => result,
            Err(_) => panic!("{method} was not answered within {CEILING:?}"),
        }
    })
}

/// The member of a struct.
#[track_caller]
pub fn member(value: &Value, name: &str) -> Value {
    match value {
        Value::Struct(members) => match members.iter().find(|member| member.0 == name) {
            Some((_, value)) => value.clone(),
            None => panic!("no member {name} in {members:?}"),
        },
        other => panic!("not a struct: {other:?}"),
    }
}

/// The text of a string.
#[track_caller]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => panic!("not a string: {other:?}"),
    }
}

/// The number of an int.
#[track_caller]
pub fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number) => *number,
        other => panic!("not an int: {other:?}"),
    }
}
