//! One connection, from its first byte to its end, and which part of the daemon a request is for.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use supervisor_config::sections::LogLevel;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::{JoinHandle, spawn_local};
use tokio::time::{Instant, Sleep, sleep_until, timeout, timeout_at};

use super::activity::{Activity, Phase};
use super::auth::Gate;
use super::form::unquote;
use super::reply::{Body, Content, Reply, error, stream, unauthorized};
use super::stream::{Peer, Stream};
use super::{Site, call, origin};
use crate::log;
use crate::os::child::local_time;
use crate::rpc::{Answer, Ask};
use crate::web;

/// Bytes of a header, and of what is read at a time.
const HEADER_BYTES: usize = 16 << 10;
/// How long a client may take to notice that its connection ends.
const FAREWELL: Duration = Duration::from_secs(2);
/// After so long without a request a connection gives its buffers back.
const DOZE: Duration = Duration::from_secs(1);

/// What a request has to know about the connection it came by.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) site: Rc<Site>,
    pub(crate) activity: Rc<Activity>,
    pub(crate) peer: Peer,
    /// The peer with its port, and the address it came to; `None` on a unix socket.
    pub(crate) addresses: Option<(SocketAddr, SocketAddr)>,
}

/// Serves one connection.
pub(crate) async fn serve(visit: Visit, mut stream: Stream) {
    let visit = Rc::new(visit);
    loop {
        // Whoever is silent costs nothing but a socket: HTTP's buffers are made when there is something to read, and
        // go when there is nothing for a while.
        let spoken_to = stream.has_input();
        let heard = match visit.activity.deadline() {
            Some(deadline) => timeout_at(deadline, spoken_to).await.is_ok(),
            None => {
                spoken_to.await;
                true
            }
        };
        if !heard {
            return;
        }
        match Box::pin(speak(visit.clone(), stream)).await {
            Some(again) => stream = again,
            None => return,
        }
    }
}

/// Talks HTTP. Gives back the connection when it has been idle for a while.
async fn speak(visit: Rc<Visit>, stream: Stream) -> Option<Stream> {
    let service = service_fn({
        let visit = visit.clone();
        move |request| visit.clone().answer(request)
    });
    let mut connection = http1::Builder::new()
        // At most a hundred lines: that is hyper's own limit.
        .max_buf_size(HEADER_BYTES)
        .title_case_headers(true)
        .auto_date_header(false)
        .serve_connection(TokioIo::new(stream), service);
    let mut closing = pin!(visit.site.common.closing.notified());
    let mut alarm: Option<Pin<Box<Sleep>>> = None;
    let mut told = false;
    visit.activity.received(Instant::now());
    let fell_silent = poll_fn(|cx| {
        if !told && closing.as_mut().poll(cx).is_ready() {
            told = true;
            Pin::new(&mut connection).graceful_shutdown();
        }
        if Pin::new(&mut connection).poll(cx).is_ready() {
            return Poll::Ready(false);
        }
        let idle = visit.activity.idle_since().map(|since| since + DOZE);
        let Some(deadline) = visit.activity.deadline().or(idle) else { return Poll::Pending };
        let alarm = alarm.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        // An alarm that comes too early costs less than one that is set anew for each request.
        if alarm.deadline() > deadline {
            alarm.as_mut().reset(deadline);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if alarm.deadline() >= deadline {
                return Poll::Ready(idle.is_some());
            }
            alarm.as_mut().reset(deadline);
        }
        Poll::Pending
    })
    .await;
    let parts = connection.into_parts();
    let mut stream = parts.io.into_inner();
    visit.activity.rest();
    if fell_silent && !told {
        // The beginning of a next request that came together with the last one.
        stream.ahead = parts.read_buf;
        return Some(stream);
    }
    visit.enter(Phase::Body);
    let _ = timeout(FAREWELL, part(stream)).await;
    None
}

/// Reads what still comes after the last answer. To close while there is something unread would make the kernel reset
/// the connection, and the client could lose an answer that it has not read yet.
async fn part(mut stream: Stream) {
    let _ = stream.shutdown().await;
    let mut rest = [0; 1024];
    while matches!(stream.read(&mut rest).await, Ok(1..)) {}
}

/// Why a request is not attended to at once.
enum Hold {
    /// Its peer has failed before: its turn comes then.
    Later(Instant),
    /// It is not attended to at all.
    Refused(StatusCode),
}

fn refusal(status: StatusCode) -> Reply {
    if status == StatusCode::UNAUTHORIZED { unauthorized() } else { error(status) }
}

/// Waits for the work. A panic in it is the end of this request alone.
async fn done(work: JoinHandle<Reply>) -> Reply {
    work.await.unwrap_or_else(|_| error(StatusCode::INTERNAL_SERVER_ERROR))
}

impl Visit {
    pub(crate) fn enter(&self, phase: Phase) {
        self.activity.enter(phase, Instant::now());
    }

    /// What is asked for is done whether or not the client waits for the answer, as in the original; so the work has a
    /// task of its own, begun here and now: hyper forgets the request of a client that went away in the meantime.
    fn answer(
        self: Rc<Self>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<Body>, Infallible>> {
        self.enter(Phase::Answering);
        let line = log::enabled(LogLevel::Trace)
            .then(|| format!("{} {} {:?}", request.method(), request.uri(), request.version()));
        let work = match self.admit(request.headers()) {
            Ok(()) => Ok(self.begin(request)),
            Err(hold) => Err((hold, request)),
        };
        async move {
            let reply = match work {
                Ok(task) => done(task).await,
                Err((Hold::Later(turn), request)) => {
                    // Who waits for a turn may be sent away when places are needed, as one who has not finished asking.
                    self.enter(Phase::Body);
                    sleep_until(turn).await;
                    self.enter(Phase::Answering);
                    if self.knows_password(request.headers()) {
                        done(self.begin(request)).await
                    } else {
                        unauthorized()
                    }
                }
                Err((Hold::Refused(status), _)) => refusal(status),
            };
            if let Some(line) = line {
                self.log(&line, &reply);
            }
            Ok(self.send(reply).await)
        }
    }

    /// The answer on its way, if there is room for it: those who have taken nothing for a while make room.
    async fn send(&self, reply: Reply) -> Response<Body> {
        let common = &self.site.common;
        let mut held = common.replies.hold(reply.body());
        if held.is_none() {
            common.connections.drop_stalled(Instant::now());
            tokio::task::yield_now().await;
            held = common.replies.hold(reply.body());
        }
        let (reply, held) = match held {
            Some(held) => (reply, held),
            None => (error(StatusCode::SERVICE_UNAVAILABLE), common.replies.none()),
        };
        if matches!(reply.body(), Content::Follow(_)) {
            self.enter(Phase::Following);
        }
        reply.map(|content| Body::new(content, self.activity.clone(), held))
    }

    fn begin(self: &Rc<Self>, request: Request<Incoming>) -> JoinHandle<Reply> {
        let visit = self.clone();
        spawn_local(async move { visit.route(request).await })
    }

    /// Lets in who knows name and password. Everything behind this is only seen by those.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Hold> {
        if self.site.gate.is_none() {
            return Ok(());
        }
        // Without an attempt nothing has failed: every browser begins like this.
        if !headers.contains_key(AUTHORIZATION) {
            return Err(Hold::Refused(StatusCode::UNAUTHORIZED));
        }
        let now = Instant::now();
        let turn = self.site.common.logins.borrow_mut().turn(self.peer, now);
        match turn {
            None => Err(Hold::Refused(StatusCode::TOO_MANY_REQUESTS)),
            Some(turn) if turn > now => Err(Hold::Later(turn)),
            Some(_) if self.knows_password(headers) => Ok(()),
            Some(_) => Err(Hold::Refused(StatusCode::UNAUTHORIZED)),
        }
    }

    /// Remembers and tells who does not.
    fn knows_password(&self, headers: &HeaderMap) -> bool {
        let value = headers.get(AUTHORIZATION);
        let opens = |gate: &Gate| value.is_some_and(|value| gate.opens_to(value));
        if self.site.gate.as_ref().is_none_or(opens) {
            return true;
        }
        self.site.common.logins.borrow_mut().failed(self.peer, Instant::now());
        log::warn!(
            "Server '{}' refused a login from {}: wrong name or password",
            self.site.section,
            self.peer
        );
        false
    }

    async fn route(&self, request: Request<Incoming>) -> Reply {
        let path = request.uri().path();
        if path.starts_with("/RPC2") {
            return if origin::is_foreign(request.headers()) {
                error(StatusCode::FORBIDDEN)
            } else {
                call::answer(self, request).await
            };
        }
        // As the original, which compares the beginning only: `/logtailx/cat` is a log as well.
        let is_log = path.starts_with("/logtail") || path.starts_with("/mainlogtail");
        if is_log && request.method() != Method::GET {
            return error(StatusCode::BAD_REQUEST);
        }
        if let Some(rest) = path.strip_prefix("/logtail") {
            return self.log_of_process(rest).await;
        }
        if is_log {
            return self.follow(Ask::MainLogPath).await;
        }
        web::answer(self, request).await
    }

    async fn log_of_process(&self, rest: &str) -> Reply {
        let rest = unquote(rest);
        let Some((_, name)) = rest.split_once('/') else { return error(StatusCode::NOT_FOUND) };
        let (name, channel) = name.split_once('/').unwrap_or((name, "stdout"));
        let stderr = match channel {
            "stdout" => false,
            "stderr" => true,
            _ => return error(StatusCode::NOT_FOUND),
        };
        self.follow(Ask::LogPath { namespec: name.to_owned(), stderr }).await
    }

    async fn follow(&self, ask: Ask) -> Reply {
        let common = &self.site.common;
        match common.handle.ask(ask).await {
            Ok(Answer::Path(Some(path))) => match common.logs.follow(&path) {
                Ok((follow, modified)) => stream(follow, modified),
                Err(_) => error(StatusCode::NOT_FOUND),
            },
            Ok(_) => error(StatusCode::NOT_FOUND),
            Err(_gone) => error(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    /// Where the page is, for a client that does not say how it found it.
    pub(crate) fn own_host(&self) -> String {
        match self.addresses {
            Some((_, here)) if here.ip().is_loopback() => format!("localhost:{}", here.port()),
            Some((_, here)) => here.to_string(),
            None => "localhost".to_owned(),
        }
    }

    /// The line that the original writes at its level TRAC, without the length of the header in the number of bytes.
    fn log(&self, request: &str, reply: &Reply) {
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (host, port) = self
            .addresses
            .map_or(("localhost".to_owned(), 0), |(peer, _)| (peer.ip().to_string(), peer.port()));
        let now = local_time(crate::web::seconds_since_epoch());
        let month = MONTHS.get(usize::from(now.month).wrapping_sub(1)).copied().unwrap_or_default();
        let (sign, offset) = (if now.offset < 0 { '-' } else { '+' }, now.offset.abs() / 60);
        let bytes = match reply.body() {
            Content::Whole(bytes) => bytes.len(),
            Content::Follow(_) => 0,
        };
        log::trace!(
            "{host}:{port} - - [{:02}/{month}/{}:{:02}:{:02}:{:02} {sign}{:02}{:02}] \"{request:.1000}\" {} {bytes}",
            now.day,
            now.year,
            now.hour,
            now.minute,
            now.second,
            offset / 60,
            offset % 60,
            reply.status().as_u16(),
        );
    }
}
