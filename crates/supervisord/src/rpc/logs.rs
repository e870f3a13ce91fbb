//! The methods over log files.

use std::path::Path;

use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::info::Tail;
use supervisor_rpc::value::Value;

use super::supervisor::{Arguments, Outcome, to_value};
use crate::clock::Now;
use crate::log;
use crate::log::file::read::{read_file, tail_file};
use crate::process::ProcessId;
use crate::process::open_log;
use crate::process::output::Stream;
use crate::supervisor::Supervisor;
use crate::supervisor::waiters::status;

impl Supervisor {
    pub(super) fn read_main_log(&mut self, arguments: &Arguments<'_>) -> Result<Outcome, Fault> {
        let path = log::path().filter(|path| path.exists());
        let path = path.ok_or_else(|| match &self.configured_log() {
            Some(path) => Code::NoFile.with(path.display()),
            None => Code::NoFile.fault(),
        })?;
        read(&path, arguments.int(0)?, arguments.int(1)?)
    }

    pub(super) fn read_process_log(
        &mut self,
        arguments: &Arguments<'_>,
        stream: Stream,
    ) -> Result<Outcome, Fault> {
        let id = self.one(arguments.text(0)?)?;
        let path = self.process(id).log(stream).path.as_deref();
        let path = path.ok_or_else(|| Code::NoFile.fault())?;
        if !path.exists() {
            return Err(Code::NoFile.with(path.display()));
        }
        read(path, arguments.int(1)?, arguments.int(2)?)
    }

    pub(super) fn tail_process_log(
        &mut self,
        arguments: &Arguments<'_>,
        stream: Stream,
    ) -> Result<Outcome, Fault> {
        let id = self.one(arguments.text(0)?)?;
        let path = self.process(id).log(stream).path.as_deref().filter(|path| path.exists());
        let tail = match path {
            None => Tail(String::new(), 0, false),
            Some(path) => {
                let (text, offset, overflow) = tail_file(path, arguments.int(1)?, arguments.int(2)?);
                Tail(text, offset, overflow)
            }
        };
        Ok(Outcome::Done(to_value(&tail)))
    }

    pub(super) fn clear_process_log(
        &mut self,
        arguments: &Arguments<'_>,
        now: &Now,
    ) -> Result<Outcome, Fault> {
        let name = arguments.text(0)?;
        let id = self.one(name)?;
        self.clear_logs(id, name, now).map(|()| Outcome::Done(Value::Bool(true)))
    }

    pub(super) fn clear_all_process_logs(&mut self, now: &Now) -> Outcome {
        let mut results = Vec::new();
        for id in self.all_by_priority() {
            let name = self.namespec(id);
            let outcome = self.clear_logs(id, &name, now);
            results.push(status(self.process(id), outcome));
        }
        Outcome::Done(to_value(&results))
    }

    /// Also those of a process that does not run, where the original does nothing.
    fn clear_logs(&mut self, id: ProcessId, name: &str, now: &Now) -> Result<(), Fault> {
        let process = self.process_mut(id);
        for stream in [Stream::Stdout, Stream::Stderr] {
            let Some(path) = process.log(stream).path.clone() else { continue };
            let cleared = match process.log_mut(stream).file.as_mut() {
                Some(file) => file.clear(now.mono),
                None if path.exists() => {
                    open_log(&path, process.channel(stream)).and_then(|mut file| file.clear(now.mono))
                }
                None => Ok(None),
            };
            log::note(cleared.map_err(|_| Code::Failed.with(name))?);
        }
        Ok(())
    }
}

fn read(path: &Path, offset: i64, length: i64) -> Result<Outcome, Fault> {
    read_file(path, offset, length).map(|text| Outcome::Done(Value::String(text)))
}
