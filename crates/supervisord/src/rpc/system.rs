//! Which method a name means, and the methods of `system`, which need no supervisor.
//!
//! They are answered where the call came in, so that a multicall of slow calls holds up nobody else. A name is looked up
//! in the table of methods and nowhere else: nothing that is not in it can be reached (the original once walked along
//! attributes, CVE-2017-11610).

use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::methods::{self, Method};
use supervisor_rpc::value::Value;

use super::{Answer, Ask, Gone, Handle, Writer};

/// The namespaces in which the methods of the supervisor are offered: one per `[rpcinterface:x]`, `supervisor` as a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Namespaces(Vec<String>);

const SYSTEM: &str = "system";
const ALL: &str = "supervisor.getAllProcessInfo";

/// How many bytes the results of one multicall may have together, about: each alone may be a log.
const LONGEST_RESULTS: usize = 32 << 20;

impl Namespaces {
    /// The namespaces of these names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().filter(|name| name != SYSTEM).collect())
    }

    /// Calls a method. The answer of `getAllProcessInfo` comes as `write` writes it.
    pub async fn call(
        &self,
        handle: &Handle,
        name: &str,
        params: Vec<Value>,
        write: Writer,
    ) -> Result<Answer, Gone> {
        if name == "system.multicall" {
            let [Value::Array(calls)] = &params[..] else {
                return Ok(Answer::Fault(Code::IncorrectParameters.fault()));
            };
            return Ok(Answer::Value(self.multicall(handle, calls).await?));
        }
        if params.is_empty() && self.find(name).is_some_and(|method| method.name == ALL) {
            return handle.ask(Ask::Processes(write)).await;
        }
        self.call_one(handle, name, params).await
    }

    async fn call_one(&self, handle: &Handle, name: &str, params: Vec<Value>) -> Result<Answer, Gone> {
        let Some(method) = self.find(name) else { return Ok(Answer::Fault(Code::UnknownMethod.fault())) };
        if !method.arity().contains(&params.len()) {
            return Ok(Answer::Fault(Code::IncorrectParameters.fault()));
        }
        let described = match (method.name, params.as_slice()) {
            ("system.listMethods", _) => Ok(self.list().into()),
            ("system.methodHelp", [of]) => self.described(of).map(|method| method.help().into()),
            ("system.methodSignature", [of]) => {
                self.described(of).map(|method| method.signature().collect::<Vec<_>>().into())
            }
            _ => return handle.ask(Ask::Method { name: method.name, params }).await,
        };
        Ok(described.into())
    }

    /// One call after the other, each with its result or its fault. Results are bare: the original does not put each
    /// into an array of its own, as the specification of multicall asks.
    async fn multicall(&self, handle: &Handle, calls: &[Value]) -> Result<Value, Gone> {
        let mut results = Vec::with_capacity(calls.len().min(1024));
        let mut room = LONGEST_RESULTS;
        for call in calls {
            let result = match member(call, "methodName") {
                _ if room == 0 => Err(Code::Failed.with("the results before are too long already")),
                Some(Value::String(name)) if name == "system.multicall" => {
                    Err(Code::IncorrectParameters.with("Recursive system.multicall forbidden"))
                }
                Some(Value::String(name)) => match member(call, "params") {
                    None => self.call_one(handle, name, Vec::new()).await?.into_result()?,
                    Some(Value::Array(params)) => {
                        self.call_one(handle, name, params.clone()).await?.into_result()?
                    }
                    Some(_) => Err(Code::IncorrectParameters.fault()),
                },
                // A call that is no struct makes the original answer 500.
                _ => Err(Code::IncorrectParameters.with("No methodName")),
            };
            let result = result.unwrap_or_else(|fault| {
                Value::Struct(vec![
                    ("faultCode".to_owned(), fault.code.into()),
                    ("faultString".to_owned(), fault.text.into()),
                ])
            });
            room = room.saturating_sub(size(&result));
            results.push(result);
        }
        Ok(Value::Array(results))
    }

    /// The method that a client means by a name.
    fn find(&self, name: &str) -> Option<&'static Method> {
        let (namespace, method) = name.split_once('.')?;
        if namespace == SYSTEM {
            methods::find(name)
        } else if self.0.iter().any(|known| known == namespace) {
            methods::find_supervisor(method)
        } else {
            None
        }
    }

    fn described(&self, name: &Value) -> Result<&'static Method, Fault> {
        let Value::String(name) = name else { return Err(Code::SignatureUnsupported.fault()) };
        self.find(name).ok_or(Code::SignatureUnsupported.fault())
    }

    fn list(&self) -> Vec<String> {
        let mut names: Vec<String> = methods::all()
            .flat_map(|method| match method.name.strip_prefix("supervisor.") {
                Some(short) => self.0.iter().map(|namespace| format!("{namespace}.{short}")).collect(),
                None => vec![method.name.to_owned()],
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// About how many bytes a value has.
fn size(value: &Value) -> usize {
    let inside = match value {
        Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Double(_) => 0,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Struct(members) => members.iter().map(|(name, value)| name.len() + size(value)).sum(),
    };
    std::mem::size_of::<Value>() + inside
}

/// The last member of this name: Python's dict keeps that one.
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Struct(members) = value else { return None };
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Calls while a supervisor answers that repeats the name of each method it is asked for.
    fn call(namespaces: &[&str], name: &str, params: Vec<Value>) -> Result<Value, Fault> {
        let namespaces = Namespaces::new(namespaces.iter().map(|name| (*name).to_owned()));
        let (handle, mut calls) = Handle::new(1);
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let supervisor = async {
                while let Some(call) = calls.recv().await {
                    let Ask::Method { name, params } = call.ask else { panic!("no method") };
                    let answer = if name.ends_with("stopProcess") {
                        Answer::Fault(Code::BadName.with("x"))
                    } else {
                        Answer::Value(format!("{name}/{}", params.len()).into())
                    };
                    call.reply.send(answer).expect("somebody waits");
                }
            };
            tokio::select! {
                answer = namespaces.call(&handle, name, params, Writer(Box::new(|_| String::new()))) => {
                    answer.and_then(Answer::into_result).expect("a supervisor")
                }
                () = supervisor => unreachable!("the handle lives"),
            }
        })
    }

    fn named(name: &str, params: Option<Value>) -> Value {
        let name = ("methodName".to_owned(), Value::from(name));
        Value::Struct(
            std::iter::once(name).chain(params.map(|params| ("params".to_owned(), params))).collect(),
        )
    }

    #[test]
    fn only_configured_namespaces_exist() {
        assert_eq!(call(&["supervisor"], "supervisor.getPID", vec![]), Ok("supervisor.getPID/0".into()));
        assert_eq!(call(&["other"], "other.getPID", vec![]), Ok("supervisor.getPID/0".into()));
        assert_eq!(call(&["other"], "supervisor.getPID", vec![]), Err(Code::UnknownMethod.fault()));
        assert_eq!(call(&[], "supervisor.getPID", vec![]), Err(Code::UnknownMethod.fault()));
        for name in [
            "getPID",
            "supervisor.",
            "supervisor.a.b",
            "supervisor._x",
            "supervisor.__init__",
            ".",
            "",
            "a.b",
        ] {
            assert_eq!(call(&["supervisor"], name, vec![]), Err(Code::UnknownMethod.fault()), "{name}");
        }
    }

    #[test]
    fn the_number_of_parameters_is_checked_before_anything() {
        assert_eq!(
            call(&["supervisor"], "supervisor.getPID", vec![true.into()]),
            Err(Code::IncorrectParameters.fault())
        );
        assert_eq!(call(&[], "system.methodHelp", vec![]), Err(Code::IncorrectParameters.fault()));
        assert_eq!(call(&[], "system.multicall", vec![]), Err(Code::IncorrectParameters.fault()));
    }

    #[test]
    fn lists_what_can_be_called() {
        let count = |namespaces: &[&str]| match call(namespaces, "system.listMethods", vec![]) {
            Ok(Value::Array(names)) => names.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((count(&[]), count(&["supervisor"]), count(&["a", "b"])), (4, 41, 78));
    }

    #[test]
    fn describes_what_can_be_called() {
        let signature = call(&["x"], "system.methodSignature", vec!["x.startProcess".into()]);
        assert_eq!(signature, Ok(vec!["boolean", "string", "boolean"].into()));
        for unknown in ["supervisor.startProcess".into(), "nothing".into(), Value::Int(1)] {
            let help = call(&["x"], "system.methodHelp", vec![unknown]);
            assert_eq!(help, Err(Code::SignatureUnsupported.fault()));
        }
    }

    #[test]
    fn a_multicall_answers_with_bare_results() {
        let calls = vec![
            named("supervisor.getPID", None),
            named("supervisor.stopProcess", Some(Value::Array(vec!["x".into()]))),
            named("system.multicall", Some(Value::Array(vec![]))),
            named("supervisor.getPID", Some(Value::Int(1))),
            Value::Struct(vec![]),
            Value::Int(1),
            named("nothing", None),
        ];
        let Ok(Value::Array(results)) = call(&["supervisor"], "system.multicall", vec![Value::Array(calls)])
        else {
            panic!("no array")
        };
        assert_eq!(results[0], "supervisor.getPID/0".into());
        let faults: Vec<_> = results[1..]
            .iter()
            .map(|result| {
                let Some(Value::String(text)) = member(result, "faultString") else { panic!("{result:?}") };
                text.as_str()
            })
            .collect();
        assert_eq!(
            faults,
            [
                "BAD_NAME: x",
                "INCORRECT_PARAMETERS: Recursive system.multicall forbidden",
                "INCORRECT_PARAMETERS",
                "INCORRECT_PARAMETERS: No methodName",
                "INCORRECT_PARAMETERS: No methodName",
                "UNKNOWN_METHOD",
            ]
        );
        assert_eq!(member(&results[1], "faultCode"), Some(&Value::Int(10)));
    }
}
