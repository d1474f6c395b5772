//! Users of this machine: by name, and whether this process can tell them apart.

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;

/// A user of `--user`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// as the command line has it
    pub name: String,
    /// `None`: there is no such user
    pub user: Option<u32>,
}

impl Named {
    /// A name, or a number, which needs no user of that number to be there.
    pub fn read(name: &str) -> Self {
        let user = name.parse().ok().or_else(|| of_name(name));
        Self { name: name.to_owned(), user }
    }
}

/// A user's number, as the system knows it, from whatever it keeps its users in.
fn of_name(name: &str) -> Option<u32> {
    let name = CString::new(name).ok()?;
    // As much as an entry of any directory takes.
    let mut texts: Vec<c_char> = vec![0; 64 * 1024];
    let mut entry = MaybeUninit::<libc::passwd>::uninit();
    let mut found = std::ptr::null_mut();
    // SAFETY: all pointers are to memory of this function, of the length that is given.
    let error = unsafe {
        libc::getpwnam_r(name.as_ptr(), entry.as_mut_ptr(), texts.as_mut_ptr(), texts.len(), &raw mut found)
    };
    if error != 0 || found.is_null() {
        return None;
    }
    // SAFETY: without an error and with a result the entry is filled in.
    Some(unsafe { entry.assume_init() }.pw_uid)
}

/// Which users this process sees as they are. In a user namespace, as containers and `PrivateUsers=`
/// have one, all others have the same number.
pub struct Namespace {
    /// first number, and how many
    mapped: Vec<(u64, u64)>,
    /// the number of all others
    overflow: u32,
}

impl Namespace {
    /// How many numbers there are.
    const ALL: u64 = u32::MAX as u64;

    pub fn of_this_process() -> Self {
        // Without the files there are no namespaces of users.
        let map =
            std::fs::read_to_string("/proc/self/uid_map").unwrap_or_else(|_| format!("0 0 {}", Self::ALL));
        let overflow = std::fs::read_to_string("/proc/sys/kernel/overflowuid").unwrap_or_default();
        Self::read(&map, &overflow)
    }

    fn read(map: &str, overflow: &str) -> Self {
        let mapped = map.lines().filter_map(|line| {
            let mut numbers = line.split_ascii_whitespace().map(|number| number.parse::<u64>().ok());
            Some((numbers.next()??, numbers.nth(1)??))
        });
        Self { mapped: mapped.collect(), overflow: overflow.trim().parse().unwrap_or(65534) }
    }

    /// Whether a process that seems to be this user's is.
    pub fn tells_apart(&self, user: u32) -> bool {
        self.is_whole() || (user != self.overflow && self.has(user))
    }

    fn has(&self, user: u32) -> bool {
        self.mapped.iter().any(|&(first, count)| (first..first + count).contains(&u64::from(user)))
    }

    fn is_whole(&self) -> bool {
        self.mapped.iter().map(|(_, count)| count).sum::<u64>() >= Self::ALL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_known_by_name_or_number() {
        // (text, user)
        let cases =
            [("root", Some(0)), ("998", Some(998)), ("no-such-user", None), ("", None), ("a\0b", None)];
        for (text, user) in cases {
            assert_eq!(Named::read(text).user, user, "{text:?}");
        }
    }

    #[test]
    fn users_who_look_alike_are_not_told_apart() {
        // (map, user, whether it is that one)
        let cases = [
            ("         0          0 4294967295\n", 65534, true),
            ("0 0 4294967295\n", 998, true),
            // `PrivateUsers=` of a service: root and its own user.
            ("0 0 1\n997 997 1\n", 997, true),
            ("0 0 1\n997 997 1\n", 998, false),
            ("0 0 1\n997 997 1\n", 65534, false),
            // A container with users of its own, of whom one has the number of all others.
            ("0 100000 65536\n", 998, true),
            ("0 100000 65536\n", 65534, false),
        ];
        for (map, user, is_told_apart) in cases {
            assert_eq!(Namespace::read(map, "65534\n").tells_apart(user), is_told_apart, "{map} {user}");
        }
    }
}
