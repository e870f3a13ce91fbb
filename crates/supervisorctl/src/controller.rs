//! What every command works on: options, connection, output, exit status.

use std::convert::Infallible;
use std::io::{self, IsTerminal};
use std::time::Duration;

use serde::de::DeserializeOwned;
use supervisor_rpc::client::{Address, Client, ClientError};
use supervisor_rpc::fault::Code;
use supervisor_rpc::value::{Value, from_value};
use tokio::runtime::Runtime;

use crate::cli::{Options, UrlSource};
use crate::diagnosis;
use crate::failure::Failure;
use crate::input::{Input, Secretly};
use crate::interrupt::Interrupts;
use crate::output::Output;

/// The version of the interface that this program speaks.
const API_VERSION: &str = "3.0";

/// Exit statuses, as the Linux Standard Base gives them to init scripts.
pub(crate) mod exit {
    pub(crate) const GENERIC: u8 = 1;
    pub(crate) const INVALID_ARGUMENTS: u8 = 2;
    pub(crate) const STATUS_NOT_RUNNING: u8 = 3;
    pub(crate) const UNIMPLEMENTED: u8 = 3;
    pub(crate) const STATUS_UNKNOWN: u8 = 4;
    pub(crate) const INSUFFICIENT_PRIVILEGES: u8 = 4;
    pub(crate) const NOT_INSTALLED: u8 = 5;
    pub(crate) const NOT_RUNNING: u8 = 7;
}

/// What every command works on.
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) options: Options,
    pub(crate) out: Output,
    /// The exit status: the last error's, and never taken back by a later success.
    pub(crate) status: u8,
    pub(crate) runtime: Runtime,
    pub(crate) input: Input,
    client: Option<Client>,
}

impl Controller {
    pub(crate) fn new(options: Options) -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { options, out: Output::new(), status: 0, runtime, input: Input::stdin()?, client: None })
    }

    /// A line on stdout.
    pub(crate) fn say(&mut self, line: impl std::fmt::Display) {
        self.out.say(line);
    }

    /// A line on stdout, and an exit status.
    pub(crate) fn refuse(&mut self, status: u8, line: impl std::fmt::Display) {
        self.status = status;
        self.say(line);
    }

    /// The exit status that a fault stands for. Success, and the fault that says that there was nothing to do, leave it.
    pub(crate) fn note(&mut self, status: i64, nothing_to_do: Option<Code>) {
        match Code::from_number(status) {
            Some(Code::Success) => {}
            code if code.is_some() && code == nothing_to_do => {}
            Some(Code::SpawnError | Code::AbnormalTermination | Code::NotRunning) => {
                self.status = exit::NOT_RUNNING
            }
            _ => self.status = exit::GENERIC,
        }
    }

    /// Calls a method.
    pub(crate) fn call<T: DeserializeOwned>(&mut self, method: &str, params: &[Value]) -> Result<T, Failure> {
        self.call_telling(method, params, None)
    }

    /// Calls a method that may take its time: a person at a terminal is told what for.
    pub(crate) fn call_waiting<T: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &[Value],
        what: &str,
    ) -> Result<T, Failure> {
        let watched = self.out.terminal && io::stderr().is_terminal();
        self.call_telling(method, params, watched.then_some(what))
    }

    fn call_telling<T: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &[Value],
        what: Option<&str>,
    ) -> Result<T, Failure> {
        // What was said so far must not wait for an answer that may take long.
        self.out.flush()?;
        let client = match &mut self.client {
            Some(client) => client,
            none => {
                let address = Address::parse(&self.options.serverurl)?;
                none.insert(Client::new(address, self.options.credentials()))
            }
        };
        let method = format!("supervisor.{method}");
        // Without a shell, Ctrl-C ends this program as any other.
        let shell = self.options.interactive;
        let value = self.runtime.block_on(async {
            let interrupts = if shell { Some(Interrupts::new()?) } else { None };
            tokio::select! {
                result = client.call(&method, params) => Ok(result?),
                pressed = pressed(interrupts.as_ref()) => Err(pressed.map_or_else(Failure::Io, |()| Failure::Interrupted)),
                never = tell(what) => match never {},
            }
        })?;
        Ok(from_value(value).map_err(ClientError::from)?)
    }

    /// Whether the daemon is there and speaks this program's version; if not, that is told.
    pub(crate) fn upcheck(&mut self) -> Result<bool, Failure> {
        let url = self.options.serverurl.clone();
        match self.call::<String>("getVersion", &[]) {
            Ok(version) if version == API_VERSION => return Ok(true),
            Ok(version) => {
                self.refuse(
                    exit::NOT_INSTALLED,
                    format_args!(
                        "Sorry, this version of supervisorctl expects to talk to a server with API version \
                         {API_VERSION}, but the remote version is {version}."
                    ),
                );
            }
            Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::UnknownMethod.number() => self.refuse(
                exit::UNIMPLEMENTED,
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that \
                 supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is \
                 enabled in the configuration file (see sample.conf).",
            ),
            Err(Failure::Client(error @ ClientError::Refused)) => {
                self.refuse(exit::INSUFFICIENT_PRIVILEGES, format_args!("{url} refused connection"));
                self.explain(&error);
            }
            Err(Failure::Client(error @ ClientError::NoSuchFile)) => {
                self.refuse(exit::NOT_RUNNING, format_args!("{url} no such file"));
                self.explain(&error);
            }
            Err(failure) => return Err(failure),
        }
        Ok(false)
    }

    /// Tells a person, on stderr, what may be wrong.
    pub(crate) fn explain(&mut self, error: &ClientError) {
        // Broken output is told at the end.
        let _ = self.out.flush();
        for line in diagnosis::explain(error, &self.options) {
            eprintln!("{line}");
        }
    }

    /// Lets time pass; a person in a shell may end that.
    pub(crate) fn pause(&mut self, length: Duration) -> Result<(), Failure> {
        self.out.flush()?;
        let shell = self.options.interactive;
        self.runtime.block_on(async {
            let interrupts = if shell { Some(Interrupts::new()?) } else { None };
            tokio::select! {
                () = tokio::time::sleep(length) => Ok(()),
                pressed = pressed(interrupts.as_ref()) => Err(pressed.map_or_else(Failure::Io, |()| Failure::Interrupted)),
            }
        })
    }

    /// The next line of a person or a pipe; `None` after the last.
    pub(crate) fn read_line(&mut self) -> Result<Option<String>, Failure> {
        let interrupts = self.interrupts()?;
        self.next_line(&interrupts)
    }

    fn next_line(&mut self, interrupts: &Interrupts) -> Result<Option<String>, Failure> {
        self.out.flush()?;
        self.runtime.block_on(line_or_interrupt(&mut self.input, interrupts))
    }

    /// From now on Ctrl-C ends nothing: before a question is seen, as its answer may be Ctrl-C at once.
    fn interrupts(&self) -> io::Result<Interrupts> {
        self.runtime.block_on(async { Interrupts::new() })
    }

    /// Asks something. Nobody to answer is a failure.
    pub(crate) fn ask(&mut self, question: &str) -> Result<String, Failure> {
        let interrupts = self.interrupts()?;
        self.out.ask(question)?;
        self.next_line(&interrupts)?.ok_or(Failure::NoAnswer)
    }

    /// Asks something whose answer is not shown while it is typed.
    pub(crate) fn ask_secretly(&mut self, question: &str) -> Result<String, Failure> {
        self.out.flush()?;
        let interrupts = self.interrupts()?;
        // Without a terminal there is nothing to hide, and the answer comes as any other.
        let Ok(mut terminal) = Secretly::new() else {
            eprint!("{question}");
            return self.next_line(&interrupts)?.ok_or(Failure::NoAnswer);
        };
        terminal.write(question)?;
        let mut input = terminal.input()?;
        let answer = self.runtime.block_on(line_or_interrupt(&mut input, &interrupts));
        terminal.write("\n")?;
        answer?.ok_or(Failure::NoAnswer)
    }

    /// Another daemon from now on.
    pub(crate) fn open(&mut self, url: &str) {
        url.clone_into(&mut self.options.serverurl);
        self.options.url_source = UrlSource::Open;
        self.client = None;
    }

    /// Another user from now on.
    pub(crate) fn log_in(&mut self, username: String, password: String) {
        self.options.username = Some(username);
        self.options.password = Some(password);
        self.client = None;
    }

    /// Lets the connection go, which the daemon would close while a person thinks.
    pub(crate) fn disconnect(&mut self) {
        if let Some(client) = &mut self.client {
            client.disconnect();
        }
    }

    /// A client for streams. They are for those who have a password, whatever the user's name: so does the original.
    pub(crate) fn streams(&self) -> Result<Client, Failure> {
        Ok(Client::new(Address::parse(&self.options.serverurl)?, self.options.credentials()))
    }
}

async fn line_or_interrupt(input: &mut Input, interrupts: &Interrupts) -> Result<Option<String>, Failure> {
    tokio::select! {
        line = input.line() => Ok(line?),
        pressed = interrupts.pressed() => Err(pressed.map_or_else(Failure::Io, |()| Failure::Interrupted)),
    }
}

async fn pressed(interrupts: Option<&Interrupts>) -> io::Result<()> {
    match interrupts {
        Some(interrupts) => interrupts.pressed().await,
        None => std::future::pending().await,
    }
}

/// After a second, and then each second, says what is being waited for.
async fn tell(what: Option<&str>) -> Infallible {
    let Some(what) = what else { return std::future::pending().await };
    tokio::time::sleep(Duration::from_secs(1)).await;
    let _hint = Hint;
    for seconds in 1_u32.. {
        eprint!("\r\x1b[Kwaiting for {what} ({seconds} s)");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    std::future::pending().await
}

/// Takes the line away when the wait is over.
struct Hint;

impl Drop for Hint {
    fn drop(&mut self) {
        eprint!("\r\x1b[K");
    }
}
