//! The client: calls methods over TCP or a unix socket, and follows logs.
//!
//! Runs on whatever tokio runtime it is called on; one thread is enough. Knows XML-RPC and HTTP, and nothing of methods.

mod address;

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::ext::ReasonPhrase;
use hyper::{Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

pub use self::address::Address;
use crate::fault::Fault;
use crate::value::{Value, ValueError};
use crate::xml::{self, Limits, XmlError};

/// Why a call has no result.
#[derive(Debug, Error)]
pub enum ClientError {
    /// The url is neither `http://…` nor `unix://…`.
    #[error("Unknown protocol for serverurl {0}")]
    UnknownProtocol(String),
    /// The url begins well, but names no server.
    #[error("invalid serverurl {0}")]
    BadUrl(String),
    /// Nobody listens.
    #[error("connection refused")]
    Refused,
    /// The socket file does not exist.
    #[error("no such file")]
    NoSuchFile,
    /// The socket file may not be opened.
    #[error("permission denied")]
    PermissionDenied,
    /// The host has no address.
    #[error("{0}")]
    Resolve(io::Error),
    /// The connection cannot be made or broke.
    #[error("{0}")]
    Io(io::Error),
    /// The server answered, but not in HTTP.
    #[error("{0}")]
    Http(hyper::Error),
    /// An answer other than 200, such as 401.
    #[error("{code} {reason}")]
    Status {
        /// The number.
        code: u16,
        /// The words beside it.
        reason: String,
    },
    /// The method refused.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The answer is larger than [`Limits::RESPONSE`] allows.
    #[error("the answer is too large")]
    TooLarge,
    /// The answer is no response of XML-RPC.
    #[error(transparent)]
    BadDocument(#[from] XmlError),
    /// The answer is not of the shape that the method promises.
    #[error(transparent)]
    BadShape(#[from] ValueError),
}

impl ClientError {
    fn connecting(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::NotFound => Self::NoSuchFile,
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            _ => Self::Io(error),
        }
    }
}

/// What Basic authentication sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// Plain.
    pub password: String,
}

/// A client of one server. Keeps its connection from one call to the next.
#[derive(Debug)]
pub struct Client {
    address: Address,
    credentials: Option<Credentials>,
    connection: Option<Sender>,
}

type Sender = SendRequest<Full<Bytes>>;

impl Client {
    /// A client that is not connected yet.
    pub fn new(address: Address, credentials: Option<Credentials>) -> Self {
        Self { address, credentials, connection: None }
    }

    /// Where the server is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Who it says it is.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Closes the connection; the next call opens a new one.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Calls a method.
    pub async fn call(&mut self, method: &str, params: &[Value]) -> Result<Value, ClientError> {
        let document = Bytes::from(xml::write_request(method, params));
        let request = self
            .request("POST", "/RPC2")
            .header(header::CONTENT_TYPE, "text/xml")
            .header(header::ACCEPT, "text/xml")
            .header(header::CONTENT_LENGTH, document.len());
        let request = complete(request, document)?;
        let (sender, response) = self.send(request).await?;
        let response = accept(response)?;
        let body = Limited::new(response.into_body(), Limits::RESPONSE.bytes).collect().await;
        let body = body.map_err(|error| match error.downcast() {
            Ok(error) => ClientError::Http(*error),
            Err(_) => ClientError::TooLarge,
        })?;
        self.connection = Some(sender);
        Ok(xml::read_response(&body.to_bytes(), Limits::RESPONSE)??)
    }

    /// Gets a path, such as `/mainlogtail`, on a connection of its own.
    pub async fn get(&self, path: &str) -> Result<Stream, ClientError> {
        let request = self.request("GET", &encode(path)).header(header::ACCEPT, "*/*");
        let request = complete(request, Bytes::new())?;
        let mut connection = connect(&self.address).await?;
        let response = connection.send_request(request).await.map_err(ClientError::Http)?;
        let response = accept(response)?;
        Ok(Stream { body: response.into_body(), _connection: connection })
    }

    fn request(&self, method: &str, path: &str) -> hyper::http::request::Builder {
        let builder = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, self.address.host())
            .header(header::USER_AGENT, concat!("supervisor-rpc/", env!("CARGO_PKG_VERSION")));
        match &self.credentials {
            Some(Credentials { username, password }) => {
                let token = STANDARD.encode(format!("{username}:{password}"));
                builder.header(header::AUTHORIZATION, format!("Basic {token}"))
            }
            None => builder,
        }
    }

    /// Sends on the kept connection, or on a new one when the server closed that before it took the request.
    async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Sender, Response<Incoming>), ClientError> {
        let mut request = request;
        if let Some(mut sender) = self.connection.take()
            && sender.ready().await.is_ok()
        {
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((sender, response)),
                Err(mut failure) => match failure.take_message() {
                    Some(unsent) => request = unsent,
                    None => return Err(ClientError::Http(failure.into_error())),
                },
            }
        }
        let mut sender = connect(&self.address).await?;
        let response = sender.send_request(request).await.map_err(ClientError::Http)?;
        Ok((sender, response))
    }
}

/// What a server goes on sending.
#[derive(Debug)]
pub struct Stream {
    body: Incoming,
    /// Dropping it would end the connection.
    _connection: Sender,
}

impl Stream {
    /// The next bytes; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        while let Some(frame) = self.body.frame().await {
            if let Ok(bytes) = frame.map_err(ClientError::Http)?.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }
}

fn complete(
    builder: hyper::http::request::Builder,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, ClientError> {
    // Only a host or credentials with control characters can fail here.
    builder
        .body(Full::new(body))
        .map_err(|error| ClientError::Io(io::Error::new(io::ErrorKind::InvalidInput, error)))
}

/// Anything but 200 is an error.
fn accept(response: Response<Incoming>) -> Result<Response<Incoming>, ClientError> {
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(response);
    }
    let reason = match response.extensions().get::<ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => status.canonical_reason().unwrap_or_default().to_owned(),
    };
    Err(ClientError::Status { code: status.as_u16(), reason })
}

async fn connect(address: &Address) -> Result<Sender, ClientError> {
    match address {
        Address::Unix(path) => {
            handshake(UnixStream::connect(path).await.map_err(ClientError::connecting)?).await
        }
        Address::Inet { .. } => {
            let mut last = None;
            for address in address.resolve().map_err(ClientError::Resolve)? {
                match TcpStream::connect(address).await {
                    Ok(stream) => return handshake(stream).await,
                    Err(error) => last = Some(error),
                }
            }
            let nothing = || io::Error::new(io::ErrorKind::NotFound, "the host has no address");
            Err(last.map_or_else(|| ClientError::Resolve(nothing()), ClientError::connecting))
        }
    }
}

async fn handshake<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    socket: S,
) -> Result<Sender, ClientError> {
    let (sender, connection) = http1::handshake(TokioIo::new(socket)).await.map_err(ClientError::Http)?;
    // Its errors reach whoever waits for a response.
    tokio::spawn(connection);
    Ok(sender)
}

/// Writes what a path may not contain as `%41`. The slashes are those of the path.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            _ if b"/-._~:@!$&'()*+,;=".contains(&byte) => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests;
