//! Events of which it is not known whether Zammad has them: its caller log is asked, where a user may.

use std::collections::HashMap;
use std::time::Duration;

use super::round::{EventResult, case_of_last};
use super::{Flusher, PATIENCE};
use crate::client::{CallerLogError, Row, in_full};
use crate::delivery::verdict::IN_DOUBT;
use crate::event::EventKind;
use crate::spool::{Doubt, Moment, Note, Rest, SpoolError, Waiting};

/// For how long an event is looked up: the caller log shows the latest calls only.
const LOOK_UP_FOR: Duration = Duration::from_secs(60 * 60);

/// What is noted of an attempt whose sender has ended, or was ended, before it was over.
const NO_OUTCOME: &str = "an attempt had no outcome";

impl Flusher {
    /// Looks up whether an event in doubt has arrived. An answer's fate is known before anything else
    /// of its call is sent: after the hangup Zammad takes no answer. `None`: it is to be sent.
    pub(super) async fn look_up(
        &self,
        waiting: &Waiting,
        age: Duration,
    ) -> Result<Option<EventResult>, SpoolError> {
        let settled = self.settled();
        let log = match (&self.log, waiting.event.kind) {
            // A second ticket screen is better than none at all, but not than a look at the caller log.
            (Some(log), EventKind::Answer) => log,
            _ if case_of_last(waiting, age).may_be_repeated() => return Ok(None),
            (_, EventKind::NewCall | EventKind::Answer | EventKind::Hangup) => {
                self.note(waiting, in_doubt(Some(NO_OUTCOME))).await?;
                return Ok(Some(EventResult::Unconfirmed));
            }
        };
        if waiting.under_way {
            let outcome = NO_OUTCOME.to_owned();
            self.note(waiting, Note::Failed { doubt: Doubt::Yes, outcome, pause: Some(settled) }).await?;
            return Ok(Some(EventResult::Postponed));
        }
        if age < settled {
            self.note(waiting, Note::PutOff { pause: settled - age }).await?;
            return Ok(Some(EventResult::Postponed));
        }
        let read = tokio::select! {
            biased;
            read = async { log.lock().await.read().await } => read,
            // It is asked the next time.
            () = self.cut.cuts(|| true) => return Ok(Some(EventResult::Postponed)),
        };
        let rows = match read {
            Ok(rows) => rows,
            Err(CallerLogError::Send(error)) => return Ok(Some(EventResult::Failed(error))),
            Err(error) => {
                log::warn!("events in doubt: {}", in_full(&error));
                Vec::new()
            }
        };
        match rows.iter().find(|row| row.call_id == waiting.event.call_id.as_str()) {
            Some(row) if has_had(row.state, waiting.event.kind) => {
                self.note(waiting, Note::Arrived).await?;
                Ok(Some(EventResult::Delivered))
            }
            Some(_) => Ok(None),
            None => {
                self.note(waiting, in_doubt(None)).await?;
                Ok(Some(EventResult::Unconfirmed))
            }
        }
    }

    /// Looks events in doubt up in Zammad's caller log, if there is a user who may.
    pub(super) async fn ask_about_doubts(&self) -> Result<(), SpoolError> {
        let Some(log) = &self.log else { return Ok(()) };
        let (now, settled) = (Moment::now(), self.settled());
        let mut doubts = self.spool.unconfirmed(PATIENCE, settled, now, 1000).await?;
        doubts.retain(|doubt| now.since(&doubt.kept) < LOOK_UP_FOR);
        if doubts.is_empty() {
            return Ok(());
        }
        let rows = match log.lock().await.read().await {
            Ok(rows) => rows,
            Err(error) => {
                log::warn!("events in doubt: {}", in_full(&error));
                return Ok(());
            }
        };
        let rows: HashMap<&str, &Row> = rows.iter().map(|row| (row.call_id.as_str(), row)).collect();
        for doubt in doubts {
            let Some(row) = rows.get(doubt.event.call_id.as_str()) else { continue };
            if has_had(row.state, doubt.event.kind) {
                self.note(&doubt, Note::Arrived).await?;
            } else {
                let (position, attempts) = (doubt.position, doubt.attempts);
                // Another flusher may have seen the same, and have sent it meanwhile.
                self.insist(|| self.spool.send_again(PATIENCE, position, attempts)).await?;
            }
        }
        Ok(())
    }

    /// After so long no attempt is on its way any more, also one whose sender has not waited for it.
    pub(super) fn settled(&self) -> Duration {
        self.config.timeout * 2
    }
}

/// It rests until somebody knows whether Zammad has it.
fn in_doubt(outcome: Option<&str>) -> Note {
    Note::Unconfirmed(Rest { reason: IN_DOUBT.to_owned(), outcome: outcome.map(str::to_owned) })
}

/// Whether a call in this state has had that event.
fn has_had(state: EventKind, event: EventKind) -> bool {
    match (state, event) {
        (_, EventKind::NewCall) | (EventKind::Hangup, _) | (EventKind::Answer, EventKind::Answer) => true,
        (EventKind::NewCall, EventKind::Answer | EventKind::Hangup)
        | (EventKind::Answer, EventKind::Hangup) => false,
    }
}
