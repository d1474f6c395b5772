//! Whether the caller log can be read, as a part of health.

use std::time::Duration;

use super::{SpoolPart, SpoolPartName, Status};
use crate::client::{CallerLog, CallerLogError, Refused, Row, in_full};
use crate::config::Config;
use crate::spool::{Call, Ending, Moment, SharedSpool};

/// Zammad shows as many calls at least, if there are that many.
const SHOWN: usize = 60;

/// Calls that began in this time before now are looked for. Older ones may be behind the last row.
const RECENT: Duration = Duration::from_secs(60 * 60);

/// What there is to say of the caller log, if the configuration has an API token. `within` is for all of it.
///
/// Source: Zammad's `ApplicationController::Authenticates` and `HandlesErrors`, for what a refusal says.
pub async fn caller_log(config: &Config, within: Duration) -> Option<SpoolPart> {
    config.api_token.as_ref()?;
    let read = async { CallerLog::new(config)?.read().await };
    let (status, found, next_step) = match tokio::time::timeout(within, read).await {
        Ok(Ok(rows)) => {
            let reported = reported(config, within).await;
            match hidden(&rows, &reported) {
                0 => (Status::Ok, format!("the API token's user sees {}", calls(rows.len())), ""),
                count => (
                    Status::Warning,
                    format!(
                        "the API token's user sees {}, and none of the {} that this machine reported",
                        calls(rows.len()),
                        calls(count)
                    ),
                    "The caller-log filter of that user hides them: add a row with your queue or called number to its \
                     profile, or give a user without a filter",
                ),
            }
        }
        Ok(Err(CallerLogError::NoPermission(refused))) => {
            (Status::Warning, CallerLogError::NoPermission(refused.clone()).to_string(), after(&refused))
        }
        Ok(Err(error)) => {
            (Status::Warning, in_full(&error), "Check the API token, and Zammad's production log")
        }
        Err(_) => {
            (Status::Warning, "it cannot be read in time".to_owned(), "Give it more time with deadline")
        }
    };
    let complaint = format!("caller log: {found}");
    Some(SpoolPart { name: SpoolPartName::CallerLog, status, found, complaint, next_step: next_step.into() })
}

fn calls(count: usize) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}

/// What to do about a refusal, by Zammad's words for it.
fn after(Refused { status, words }: &Refused) -> &'static str {
    let words = words.as_deref().unwrap_or_default().to_lowercase();
    if words.contains("maintenance") {
        "Zammad is in maintenance mode, in which only administrators may read; events are taken all the same"
    } else if words.contains("expired") {
        "The access token has expired: make a new one (Zammad: Profile, Token Access), and put it into api_token"
    } else if words.contains("access disabled") {
        "Access tokens are switched off in Zammad: Admin > System > API, Token Access"
    } else if *status == 401 {
        "Zammad does not know the access token: copy it again (Zammad: Profile, Token Access), and put it into \
         api_token"
    } else {
        "The access token and its user both need the permission cti.agent (Zammad: Profile, Token Access; and the \
         user's roles)"
    }
}

/// The ids of calls that Zammad has from here, and shows to those who may see them.
async fn reported(config: &Config, within: Duration) -> Vec<Call> {
    let Some((spool, endpoint)) = config.spool.as_ref().zip(config.endpoint().ok()) else {
        return Vec::new();
    };
    // A look begins no file; what is wrong with one that is there is the spool's part to say.
    if !spool.path.exists() {
        return Vec::new();
    }
    let open = SharedSpool::new(spool, endpoint).open_calls(within, Moment::now()).await;
    let is_there = |call: &Call| call.waiting == 0 && call.ending == Ending::None && call.age < RECENT;
    open.unwrap_or_default().into_iter().filter(is_there).collect()
}

/// How many calls should be in the log, if none of them is.
fn hidden(rows: &[Row], reported: &[Call]) -> usize {
    let is_shown = |call: &Call| rows.iter().any(|row| row.call_id == call.call_id.as_str());
    // A full page may have been filled by others meanwhile.
    if rows.len() >= SHOWN || reported.iter().any(is_shown) { 0 } else { reported.len() }
}
