//! Calls a second over connections that are kept, and how long an answer takes while a program floods its log.

use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use crate::Extent;
use crate::client::{Client, request};
use crate::daemon::{Daemon, Side, milliseconds};
use crate::table::Table;

const STATE: &str = "supervisor.getState";
const ALL: &str = "supervisor.getAllProcessInfo";

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    let time = Duration::from_millis(if extent.short { 300 } else { 700 });
    let rounds = if extent.short { 1 } else { 5 };
    for (programs, method, parallel) in [(10, STATE, 16), (100, ALL, 1)] {
        let daemons = Side::BOTH.map(|side| {
            let port = free_port();
            let text = format!(
                "[inet_http_server]\nport=127.0.0.1:{port}\n[program:p]\ncommand=/bin/sleep 100000\n\
                 process_name=p%(process_num)d\nnumprocs={programs}\n"
            );
            (side, Daemon::start(side, &text), port)
        });
        for (_, daemon, _) in &daemons {
            let mut client = daemon.client();
            harness::eventually("all programs are RUNNING", || {
                client.call(ALL, &[]).matches("<string>RUNNING</string>").count() == programs
            });
        }
        for _ in 0..rounds {
            for (side, daemon, port) in &daemons {
                let name = |over| {
                    format!("{}, {programs} programs, {over}", method.trim_start_matches("supervisor."))
                };
                table.add(name("unix socket"), "/s", *side, rate(vec![daemon.client()], method, time));
                table.add(name("TCP"), "/s", *side, rate(vec![Client::tcp(*port)], method, time));
                if parallel > 1 {
                    let clients = (0..parallel).map(|_| daemon.client()).collect();
                    table.add(name("unix socket, 16 connections"), "/s", *side, rate(clients, method, time));
                }
            }
        }
    }
    under_flood(extent, table);
}

/// How many calls a second all clients together get answered.
fn rate(clients: Vec<Client>, method: &str, time: Duration) -> f64 {
    let request = &request(method, &[]);
    let begin = Instant::now();
    let calls: u32 = thread::scope(|scope| {
        let threads: Vec<_> = clients
            .into_iter()
            .map(|mut client| {
                scope.spawn(move || {
                    let mut calls = 0;
                    while begin.elapsed() < time {
                        client.send(request);
                        calls += 1;
                    }
                    calls
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("all were answered")).sum()
    });
    f64::from(calls) / begin.elapsed().as_secs_f64()
}

fn under_flood(extent: Extent, table: &mut Table) {
    let time = Duration::from_secs(if extent.short { 1 } else { 3 });
    for side in Side::BOTH {
        let daemon = Daemon::start(
            side,
            "[program:flood]\ncommand={bench} write 1000000000000 65536\nstdout_logfile={here}/flood.log\n\
             stdout_logfile_maxbytes=10MB\nstdout_logfile_backups=1\n",
        );
        harness::eventually("the flood", || daemon.path("flood.log.1").exists());
        let (mut client, begin, request) = (daemon.client(), Instant::now(), request(STATE, &[]));
        let mut answers = Vec::new();
        while begin.elapsed() < time {
            let asked = Instant::now();
            client.send(&request);
            answers.push(milliseconds(asked));
            thread::sleep(Duration::from_millis(1));
        }
        answers.sort_by(f64::total_cmp);
        let name = |what| format!("getState while a program floods its log: {what}");
        table.add(name("median"), "ms", side, answers[answers.len() / 2]);
        table.add(name("99th percentile"), "ms", side, answers[answers.len() * 99 / 100]);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("a bound socket").port()
}
