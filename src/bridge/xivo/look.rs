//! A look at a XiVO by an account that has just logged in: what of it the account may see.

use std::borrow::Cow;

use super::{Ask, Link, Xivo};
use crate::bridge::source::{Heard, Link as _, LinkError, Missing, Source};
use crate::bridge::system::Look;
use crate::config::XivoSettings;

/// More of a kind than this nobody reads.
const MOST: usize = 1000;

/// Looks around, over a connection that is of no use afterwards.
///
/// # Errors
///
/// The connection's.
pub async fn look(mut link: Link, settings: XivoSettings) -> Result<Look, LinkError> {
    let mut xivo = Xivo::new(settings);
    let _ = xivo.begin("");
    loop {
        let message = link.next().await?;
        let mut is_loaded = false;
        for heard in xivo.understand(message) {
            match heard {
                // Whoever subscribes to the calls of a line takes them over.
                Heard::Ask(request) => match request.ask {
                    Ask::Ids(_) | Ask::Config(..) | Ask::Status(..) => link.ask(request),
                    Ask::Entries(_) | Ask::CurrentCalls | Ask::KeepAlive => {}
                },
                Heard::Standing(_) => is_loaded = true,
                Heard::Fact(_)
                | Heard::Seen(_)
                | Heard::Remark(_)
                | Heard::Rights(_)
                | Heard::Passed(_)
                | Heard::Repeated(_) => {}
            }
        }
        if is_loaded {
            break;
        }
    }
    let phones = xivo.directory.phones().filter_map(|phone| phone.number.clone());
    let mut extensions: Vec<String> = phones.take(MOST).collect();
    extensions.sort();
    let queues = xivo.directory.queues().filter_map(|queue| queue.shown());
    let mut queues: Vec<String> = queues.map(str::to_owned).take(MOST).collect();
    queues.sort();
    let rights = if xivo.directory.phones().next().is_some() {
        Ok(Cow::Borrowed("sees phones, queues and agents"))
    } else {
        Err(Missing {
            complaint: "the account sees no phones".to_owned(),
            next_step: "With context_separation a user sees only phones of the contexts of their own lines: give the \
                        user a line, or switch it off in xivo-ctid"
                .into(),
            is_deaf: false,
        })
    };
    Ok(Look { rights, trunks: Vec::new(), queues, extensions })
}
