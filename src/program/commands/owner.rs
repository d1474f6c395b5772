//! Root works in nobody else's folder: before the first look into a spool it becomes its folder's owner.

use std::path::Path;

use crate::client;
use crate::config::Config;
use crate::folder::{Owner, owner_besides_root};
use nix::unistd::{Gid, Uid, User, setgid, setgroups, setuid};

/// Becomes whoever decides where the spool's path, or `lock_dir`, leads, for the rest of the process, if this is root and
/// the folder is somebody else's. What only root may read has to be read before: configuration, token
/// and other files; the certificates to trust are read here.
///
/// As a rule that is the owner of the spool's folder. Of several configurations the first one counts. Where root
/// cannot become the owner, or nobody can say who he is, whoever opens the folder refuses to.
pub fn become_owner<'a>(configs: impl IntoIterator<Item = &'a Config, IntoIter: Clone>) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let configs = configs.into_iter();
    let owner =
        configs.clone().filter_map(shared_path).find_map(|path| owner_besides_root(path).ok().flatten());
    let Some(owner) = owner else { return };
    configs.for_each(client::keep_trust);
    if let Err(error) = become_user(owner) {
        log::warn!("cannot become user {}, who owns the spool: {error}", owner.user);
    }
}

/// What this process shares with others.
fn shared_path(config: &Config) -> Option<&Path> {
    let spool = config.spool.as_ref().map(|spool| spool.path.as_path());
    spool.or(config.lock_dir.as_deref())
}

/// In this order, as the user may not change the groups any longer.
fn become_user(Owner { user, group }: Owner) -> nix::Result<()> {
    let user = Uid::from_raw(user);
    let group = match group {
        // Root's group may read what is root's.
        0 => User::from_uid(user)?.map_or(Gid::from_raw(user.as_raw()), |user| user.gid),
        group => Gid::from_raw(group),
    };
    setgroups(&[group])?;
    setgid(group)?;
    setuid(user)
}
