//! Who may report calls: those of `--user`, and those who know the secret.

use crate::agi::Header;
use crate::config::Secret;

use super::complaints::Reason;
use super::guest::Guest;
use super::request::behind_secret;
use super::secret;
use super::users::Named;

/// Without users and without a secret everybody may.
#[derive(Default)]
pub struct Rules {
    pub users: Vec<Named>,
    pub secret: Option<Secret>,
}

/// Why somebody may not.
#[derive(Debug)]
pub struct Refusal {
    pub reason: Reason,
    /// for the log
    pub text: String,
    /// for Asterisk, and whoever else asks
    pub told: &'static str,
}

impl Rules {
    /// Whether anybody at all may.
    pub fn are_open(&self) -> bool {
        self.users.is_empty() && self.secret.is_none()
    }

    /// Whether this guest is one of those that are named: `Ok(false)` of one that need not be.
    ///
    /// # Errors
    ///
    /// It has to be, and is not. Users are those of this machine; of others only the secret is asked.
    pub fn judge(&self, guest: Guest, header: &Header) -> Result<bool, Refusal> {
        let is_user_named = match guest {
            Guest::User(user) => self.users.iter().any(|named| named.user == Some(user)),
            Guest::Unknown | Guest::Address(_) => false,
        };
        if guest.is_local() && !self.users.is_empty() && !is_user_named {
            let names: Vec<_> = self.users.iter().map(|named| named.name.as_str()).collect();
            let why = match guest {
                Guest::Unknown => " (is it in a network or user namespace of its own?)",
                Guest::User(_) | Guest::Address(_) => "",
            };
            return Err(Refusal {
                reason: Reason::WrongUser,
                text: format!("refused {guest}{why}: only {} may report calls (--user)", names.join(", ")),
                told: "refused: this server takes calls of certain users only (--user)",
            });
        }
        let Some(secret) = &self.secret else { return Ok(is_user_named) };
        let shown = behind_secret(header.script.as_deref().unwrap_or_default()).0;
        if shown.is_some_and(|shown| secret::is_it(secret, shown)) {
            return Ok(true);
        }
        let what = if shown.is_some() { "another secret than this server's" } else { "no secret" };
        Err(Refusal {
            reason: Reason::WrongSecret,
            text: format!("refused {guest}: its address has {what} (--secret-file)"),
            told: "refused: the address needs the secret of this server, as in agi://HOST/SECRET/new-call",
        })
    }

    /// Whether an address has a secret, or what could be one, that nobody asks for.
    pub fn secret_is_needless(&self, header: &Header) -> bool {
        self.secret.is_none()
            && header.script.as_deref().is_some_and(|script| behind_secret(script).0.is_some())
    }
}

#[cfg(test)]
mod tests {
    use crate::agi::Gathered;

    use super::*;

    const SECRET: &str = "0123456789abcdef";

    fn header(script: &str) -> Header {
        let mut gathered = Gathered::default();
        gathered.add(format!("agi_network_script: {script}\nagi_uniqueid: 7\n\n").as_bytes());
        gathered.finish().unwrap().0
    }

    #[test]
    fn all_that_is_set_is_asked_for() {
        let with_secret = format!("{SECRET}/new-call");
        let named = || vec![Named::read("998"), Named::read("no-such-user")];
        let (user, other) = (Guest::User(998), Guest::User(0));
        let elsewhere = Guest::Address([192, 0, 2, 7].into());
        // (users, has a secret, guest, script, whether it is trusted, or refused for what)
        type Case<'a> = (Vec<Named>, bool, Guest, &'a str, Result<bool, Reason>);
        let cases: [Case<'_>; 16] = [
            (vec![], false, other, "new-call", Ok(false)),
            (vec![], false, elsewhere, "new-call", Ok(false)),
            (vec![], false, Guest::Unknown, "new-call", Ok(false)),
            (named(), false, user, "new-call", Ok(true)),
            (named(), false, other, "new-call", Err(Reason::WrongUser)),
            (named(), false, Guest::Unknown, "new-call", Err(Reason::WrongUser)),
            (named(), false, elsewhere, "new-call", Ok(false)),
            (vec![], true, other, "new-call", Err(Reason::WrongSecret)),
            (vec![], true, elsewhere, "new-call", Err(Reason::WrongSecret)),
            (vec![], true, elsewhere, "0123456789abcdee/new-call", Err(Reason::WrongSecret)),
            (vec![], true, elsewhere, "new-call?0123456789abcdef/new-call", Err(Reason::WrongSecret)),
            (vec![], true, other, &with_secret, Ok(true)),
            (vec![], true, elsewhere, &with_secret, Ok(true)),
            (named(), true, user, "new-call", Err(Reason::WrongSecret)),
            (named(), true, other, &with_secret, Err(Reason::WrongUser)),
            (named(), true, user, &with_secret, Ok(true)),
        ];
        for (users, has_secret, guest, script, expected) in cases {
            let rules = Rules { users, secret: has_secret.then(|| Secret::new(SECRET)) };
            let judged = rules.judge(guest, &header(script)).map_err(|refusal| {
                assert!(!format!("{refusal:?}").contains(SECRET), "{refusal:?}");
                refusal.reason
            });
            assert_eq!(judged, expected, "{guest} {script} {has_secret}");
        }
    }
}
