//! Becoming another user, for the daemon and for its children.
//!
//! Users and groups are looked up here, before anything irreversible is done.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::{self, Gid, Uid, User};

/// Whose rights a child gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The daemon's own.
    Keep,
    /// Another user's.
    Become(Credentials),
    /// The reason why it can have none: the child says so and ends, as in the original.
    Impossible {
        /// Whose they would be.
        uid: u32,
        /// Why not.
        reason: String,
    },
}

/// A user with the groups that count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The primary group, and all that name the user.
    pub groups: Vec<u32>,
}

/// What it takes to become this user. An error: it could not be found out just now, for instance as no descriptor was left.
pub fn identity(uid: Option<u32>) -> Result<Identity, Errno> {
    let Some(uid) = uid else { return Ok(Identity::Keep) };
    if Uid::current().as_raw() == uid {
        return Ok(Identity::Keep);
    }
    let Some(user) = User::from_uid(Uid::from_raw(uid))? else {
        return Ok(Identity::Impossible { uid, reason: format!("Can't find uid {uid}") });
    };
    if !Uid::current().is_root() {
        return Ok(Identity::Impossible { uid, reason: "Can't drop privilege as nonroot user".to_owned() });
    }
    let groups = CString::new(user.name.as_str())
        .ok()
        .and_then(|name| unistd::getgrouplist(&name, user.gid).ok())
        .unwrap_or_else(|| vec![user.gid]);
    Ok(Identity::Become(Credentials {
        uid,
        gid: user.gid.as_raw(),
        groups: groups.iter().map(|group| group.as_raw()).collect(),
    }))
}

/// Makes the daemon itself this user, for good.
pub fn become_user(credentials: &Credentials) -> Result<(), &'static str> {
    let groups: Vec<Gid> = credentials.groups.iter().map(|group| Gid::from_raw(*group)).collect();
    unistd::setgroups(&groups).map_err(|_: Errno| "Could not set groups of effective user")?;
    unistd::setgid(Gid::from_raw(credentials.gid))
        .map_err(|_: Errno| "Could not set group id of effective user")?;
    unistd::setuid(Uid::from_raw(credentials.uid))
        .map_err(|_: Errno| "Could not set user id of effective user")
}
