//! What the page can change: whom Zammad blocks, and which caller ids it has.

use serde::{Deserialize, Serialize};

use super::State;
use crate::rules::Route;
use crate::web::lock;

/// At most this many blocked numbers, and this many routes.
const MOST: usize = 500;

/// A setup as the page shows and sends it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    /// numbers, compared as text
    blocked: Vec<String>,
    /// pairs of a destination and a caller id; the first that fits counts
    routes: Vec<(String, String)>,
    /// the caller id of all other outbound calls
    #[serde(default)]
    caller_id: Option<String>,
}

impl Written {
    /// As it is now.
    pub(super) fn now(state: &State) -> Self {
        let setup = lock(&state.setup);
        let route = |route: &Route| {
            let (destination, caller_id) = route.written();
            (destination.to_owned(), caller_id.to_owned())
        };
        Self {
            blocked: setup.blocked.clone(),
            routes: setup.routes.iter().map(route).collect(),
            caller_id: setup.default_caller_id.clone(),
        }
    }

    /// Sets the sandbox up like this, all of it or nothing.
    ///
    /// # Errors
    ///
    /// In words: it is not such a setup, there is too much of it, or a route is not a pattern.
    pub(super) fn take(text: &[u8], state: &State) -> Result<(), String> {
        let written: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        if written.blocked.len() > MOST || written.routes.len() > MOST {
            return Err(format!("the sandbox takes {MOST} numbers and {MOST} routes at most"));
        }
        let route = |(destination, caller_id): &(String, String)| {
            Route::new(destination, caller_id).map_err(|reason| format!("route {destination:?}: {reason}"))
        };
        let routes = written.routes.iter().map(route).collect::<Result<_, _>>()?;
        let mut setup = lock(&state.setup);
        setup.routes = routes;
        setup.blocked = written.blocked;
        setup.default_caller_id = written.caller_id.filter(|number| !number.is_empty());
        Ok(())
    }
}
