//! Failed logins: how long a peer that guesses has to wait.
//!
//! Pure: time is an argument. Each peer's attempts are answered one after the other, right or wrong, with a pause that
//! doubles: guessing over many connections at once gains nothing. What is remembered is bounded and fades.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::stream::Peer;

/// The pause after the first failure.
const FIRST: Duration = Duration::from_millis(250);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(4);
/// A peer that has not failed for so long is forgiven.
const MEMORY: Duration = Duration::from_secs(120);
/// How far into the future turns are given. Who comes when these are taken is refused.
const QUEUE: Duration = Duration::from_secs(60);
/// How many peers are remembered; the one that failed longest ago gives way.
const PEERS: usize = 256;

/// The peers that failed.
#[derive(Debug, Default)]
pub(crate) struct FailedLogins {
    peers: HashMap<Peer, Failures>,
}

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
    /// When the next attempt is looked at.
    turn: Instant,
}

impl Failures {
    fn pause(&self) -> Duration {
        FIRST.saturating_mul(1 << self.count.saturating_sub(1).min(8)).min(LONGEST)
    }
}

impl FailedLogins {
    /// When an attempt of this peer is looked at; `None`: too many wait already.
    pub(crate) fn turn(&mut self, peer: Peer, now: Instant) -> Option<Instant> {
        let Some(failures) = self.peers.get_mut(&peer) else { return Some(now) };
        if now.duration_since(failures.last) > MEMORY {
            self.peers.remove(&peer);
            return Some(now);
        }
        let turn = failures.turn.max(now);
        if turn.duration_since(now) > QUEUE {
            return None;
        }
        failures.turn = turn + failures.pause();
        Some(turn)
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.is_empty()
    }

    /// An attempt failed.
    pub(crate) fn failed(&mut self, peer: Peer, now: Instant) {
        if !self.peers.contains_key(&peer) && self.peers.len() >= PEERS {
            let oldest = self.peers.iter().min_by_key(|(_, failures)| failures.last).map(|(peer, _)| *peer);
            oldest.and_then(|peer| self.peers.remove(&peer));
        }
        let failures = self.peers.entry(peer).or_insert(Failures { count: 0, last: now, turn: now });
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
        failures.turn = failures.turn.max(now + failures.pause());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: Peer = Peer::User(7);

    #[test]
    fn pauses_double_up_to_a_limit() {
        let now = Instant::now();
        let mut logins = FailedLogins::default();
        assert_eq!(logins.turn(PEER, now), Some(now));
        let mut clock = now;
        let mut pauses = Vec::new();
        for _ in 0..7 {
            logins.failed(PEER, clock);
            let turn = logins.turn(PEER, clock).expect("a turn");
            pauses.push((turn - clock).as_millis());
            clock = turn;
        }
        assert_eq!(pauses[..4], [250, 500, 1000, 2000]);
        assert_eq!(pauses[6], 4000);
        assert_eq!(logins.turn(Peer::User(8), clock), Some(clock), "others do not wait");
    }

    #[test]
    fn attempts_at_the_same_time_wait_in_a_line_that_ends() {
        let now = Instant::now();
        let mut logins = FailedLogins::default();
        logins.failed(PEER, now);
        let turns: Vec<_> = std::iter::from_fn(|| logins.turn(PEER, now)).take(1000).collect();
        assert!(turns.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(turns.len() < 1000);
    }

    #[test]
    fn failures_are_forgiven_after_a_while() {
        let now = Instant::now();
        let mut logins = FailedLogins::default();
        logins.failed(PEER, now);
        let later = now + MEMORY + Duration::from_secs(1);
        assert_eq!(logins.turn(PEER, later), Some(later));
        assert!(logins.peers.is_empty());
    }

    #[test]
    fn a_flood_of_peers_is_bounded() {
        let now = Instant::now();
        let mut logins = FailedLogins::default();
        for uid in 0..1000 {
            logins.failed(Peer::User(uid), now + Duration::from_millis(uid.into()));
        }
        assert_eq!(logins.peers.len(), PEERS);
        assert!(logins.peers.contains_key(&Peer::User(999)));
    }
}
