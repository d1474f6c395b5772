//! Which Zammad an event goes to, and what brings it there: where routes decide, each profile that they name is another
//! way. Where there are none, this is the one courier and nothing else.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::courier::{FOR_CALLS_ELSEWHERE, keep_for_later};
use super::reading::key_of;
use super::{Connection, Courier, Deadline, EventToSend, Failure, NoClient, Outcome, ReadingError, Stop};
use crate::client::{Client, ClientError, Clients, in_full};
use crate::config::{Config, ConfigError, Ringing, Routes, SpoolConfig};
use crate::event::{CallId, EventKind, WrittenEvent};
use crate::spool::{
    Call, CopyTo, Course, KeptCourse, Moment, Position, SharedSpool, SpoolError, Which, address,
};

/// All ways that events may take.
pub(crate) struct Ways {
    own: Courier,
    others: Option<Box<Others>>,
}

/// Where routes lead.
struct Others {
    routes: Arc<Routes>,
    spool: SpoolConfig,
    /// the source that a bridge follows
    bridge: Option<&'static str>,
    /// that of the configuration itself
    own_address: String,
    ways: BTreeMap<String, Way>,
    open: Box<dyn Fn(&Config) -> Courier + Send + Sync>,
}

/// The way to the Zammad of a profile. What it takes is made when the first event goes there.
struct Way {
    config: Config,
    address: String,
    courier: OnceLock<Courier>,
    clients: OnceLock<Clients>,
    idle: Mutex<Vec<Client>>,
}

/// So many connections to the Zammad of a profile stay.
const IDLE: usize = 16;

/// An event that is read, and the way that it takes.
pub(crate) struct Addressed<'a> {
    /// the event
    pub to_send: EventToSend,
    target: Target<'a>,
}

enum Target<'a> {
    /// the configuration's own Zammad
    Own,
    /// that of a profile
    Other(&'a Way, &'a Others),
    /// one to which no configuration leads any more
    Gone { address: String, profile: Option<String>, spool: &'a SpoolConfig },
}

impl Addressed<'_> {
    /// What counts for it; `own` is the configuration that has the routes.
    pub fn config<'b>(&'b self, own: &'b Config) -> &'b Config {
        match &self.target {
            Target::Own | Target::Gone { .. } => own,
            Target::Other(way, _) => &way.config,
        }
    }
}

impl Ways {
    /// Those of a configuration; `open` makes the courier of each.
    pub fn new(config: &Config, open: impl Fn(&Config) -> Courier + Send + Sync + 'static) -> Self {
        let own = open(config);
        let routes = config.routes.clone().zip(config.spool.clone()).zip(config.endpoint().ok());
        let others = routes.map(|((routes, spool), endpoint)| {
            let way = |(name, config): (&str, &Config)| {
                let way = Way {
                    config: config.clone(),
                    address: config.endpoint().map(address).unwrap_or_default(),
                    courier: OnceLock::new(),
                    clients: OnceLock::new(),
                    idle: Mutex::default(),
                };
                (name.to_owned(), way)
            };
            let ways = routes.usable().map(way).collect();
            let (own_address, open, bridge) = (address(endpoint), Box::new(open), None);
            Box::new(Others { routes, spool, bridge, own_address, ways, open })
        });
        Self { own, others }
    }

    /// The same for the events of a bridge, by the name of the source that it follows.
    pub fn of_bridge(mut self, source: &'static str) -> Self {
        if let Some(others) = &mut self.others {
            others.bridge = Some(source);
        }
        self
    }

    /// Whether open calls are known to the next process.
    pub fn has_journal(&self) -> bool {
        self.own.has_journal()
    }

    /// The event that is meant, with what the journal knows of its call and of where that went.
    ///
    /// # Errors
    ///
    /// As [`Courier::read`]; or its call goes to a profile that cannot be used.
    pub async fn read(&self, written: WrittenEvent, config: &Config) -> Result<Addressed<'_>, ReadingError> {
        match &self.others {
            None => Ok(Addressed { to_send: self.own.read(written, config).await?, target: Target::Own }),
            Some(others) => self.read_by(others, written, config).await,
        }
    }

    #[cold]
    async fn read_by<'a>(
        &'a self,
        others: &'a Others,
        mut written: WrittenEvent,
        config: &Config,
    ) -> Result<Addressed<'a>, ReadingError> {
        let is_new_id = written.call_id == CallId::AUTO;
        let which = match &written.call_key {
            Some(key) if written.event != EventKind::NewCall => Which::Key(key_of(key)?),
            Some(_) | None => Which::Id(written.identify()?),
        };
        let kept = if is_new_id { None } else { self.kept(&which, &written).await? };
        let (target, copies) = match kept {
            Some(kept) => (others.target_of(&kept), kept.copies),
            // It was reported before there were routes.
            None if written.event != EventKind::NewCall && self.own_knows(&which).await => {
                (Target::Own, Vec::new())
            }
            None => others.decide(&written, config)?,
        };
        let mut to_send = match &target {
            Target::Own => self.own.read(written, config).await?,
            Target::Other(way, others) => way.courier(others).read(written, &way.config).await?,
            Target::Gone { address, spool, .. } => {
                let spool = SharedSpool::of_address(spool, address.clone());
                let call = spool.call(FOR_CALLS_ELSEWHERE, which, Moment::now()).await;
                written.read(config, call.map_err(ReadingError::Journal)?.as_ref())?
            }
        };
        to_send.course = Some(Box::new(others.course(&target, &copies)));
        Ok(Addressed { to_send, target })
    }

    /// What was decided for a call. That of a newCall counts only while its call is open: it is the same one again.
    async fn kept(&self, which: &Which, written: &WrittenEvent) -> Result<Option<KeptCourse>, ReadingError> {
        match (self.own.course(which.clone()).await, which) {
            (Ok(kept), _) => Ok(kept.filter(|kept| kept.is_open || written.event != EventKind::NewCall)),
            (Err(error), Which::Key(_)) => Err(ReadingError::Journal(error)),
            (Err(error), Which::Id(call_id)) => {
                log::warn!("where call {call_id} went: {}", in_full(&error));
                Ok(None)
            }
        }
    }

    async fn own_knows(&self, which: &Which) -> bool {
        // What goes wrong is told by whoever reads it next.
        matches!(self.own.call(which.clone()).await, Ok(Some(_)))
    }

    /// A call that was reported from here before, wherever it went.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub async fn call(&self, call_id: &CallId) -> Result<Option<Call>, SpoolError> {
        let which = Which::Id(call_id.clone());
        if let Some(others) = &self.others
            && let Some(kept) = self.own.course(which.clone()).await?
        {
            return match others.target_of(&kept) {
                Target::Own => self.own.call(which).await,
                Target::Other(way, others) => way.courier(others).call(which).await,
                Target::Gone { .. } => Ok(None),
            };
        }
        self.own.call(which).await
    }

    /// The calls that were reported with keys of this beginning, and are open, wherever they went.
    ///
    /// # Errors
    ///
    /// There is a journal, and it cannot be read.
    pub async fn open_calls(&self, key: &str) -> Result<Vec<Call>, SpoolError> {
        let mut open = self.own.open_calls(key).await?;
        for way in self.others.iter().flat_map(|others| others.several()) {
            open.extend(way.0.courier(way.1).open_calls(key).await?);
        }
        Ok(open)
    }

    /// Keeps an event whose turn is not yet, as [`Courier::keep_ahead`].
    pub async fn keep_ahead(&self, written: WrittenEvent, config: &Config) -> Option<Position> {
        let Addressed { to_send, target } = self.read(written, config).await.ok()?;
        match target {
            Target::Own => self.own.keep_ahead(&to_send).await,
            Target::Other(way, others) => way.courier(others).keep_ahead(&to_send).await,
            Target::Gone { .. } => None,
        }
    }

    /// Brings an event, as [`Courier::bring_telling`]; `connection` is one to the configuration's own Zammad.
    ///
    /// # Errors
    ///
    /// There is no client, and the spool may have the event. Inside, as there.
    pub async fn bring(
        &self,
        connection: &mut Connection<'_>,
        addressed: &Addressed<'_>,
        deadline: Deadline,
        ahead: Option<Position>,
        is_kept: &(dyn Fn() + Sync),
    ) -> Result<Result<Outcome, Failure>, NoClient<ClientError>> {
        let to_send = &addressed.to_send;
        match &addressed.target {
            Target::Own => match connection.client() {
                Ok(client) => Ok(self.own.bring_telling(client, to_send, deadline, ahead, is_kept).await),
                Err(error) => Err(self.own.keep_without_client(error, to_send, deadline, ahead).await),
            },
            Target::Other(way, others) => {
                let courier = way.courier(others);
                match way.client() {
                    Ok(mut client) => {
                        let brought =
                            courier.bring_telling(&mut client, to_send, deadline, ahead, is_kept).await;
                        way.give_back(client);
                        Ok(brought)
                    }
                    Err(error) => Err(courier.keep_without_client(error, to_send, deadline, ahead).await),
                }
            }
            Target::Gone { .. } => Ok(addressed.target.keep(to_send, deadline).await),
        }
    }

    /// The same for an event that is all a process does: as [`Courier::bring_only`].
    ///
    /// # Errors
    ///
    /// As [`bring`](Self::bring).
    pub async fn bring_only(
        &self,
        addressed: &Addressed<'_>,
        config: &Config,
        deadline: Deadline,
        stop: &Stop,
    ) -> Result<Result<Outcome, Failure>, NoClient<ClientError>> {
        let to_send = &addressed.to_send;
        match &addressed.target {
            Target::Own => self.own.bring_only(|| Client::new(config), to_send, deadline, stop).await,
            Target::Other(way, others) => {
                let client = || Client::new(&way.config);
                way.courier(others).bring_only(client, to_send, deadline, stop).await
            }
            Target::Gone { .. } => Ok(addressed.target.keep(to_send, deadline).await),
        }
    }
}

impl Others {
    /// Where a call goes whose newCall went there. A profile counts by its name; where there is none of that name, by
    /// its Zammad.
    fn target_of(&self, kept: &KeptCourse) -> Target<'_> {
        if let Some(way) = kept.profile.as_ref().and_then(|profile| self.ways.get(profile)) {
            return Target::Other(way, self);
        }
        if kept.profile.is_none() || kept.address == self.own_address {
            return Target::Own;
        }
        match self.ways.values().find(|way| way.address == kept.address) {
            Some(way) => Target::Other(way, self),
            None => Target::Gone {
                address: kept.address.clone(),
                profile: kept.profile.clone(),
                spool: &self.spool,
            },
        }
    }

    /// Where a call goes of which nothing was decided yet, by what an event of it says.
    fn decide(
        &self,
        written: &WrittenEvent,
        config: &Config,
    ) -> Result<(Target<'_>, Vec<String>), ConfigError> {
        let decision = self.routes.decide(&ringing(written, self.bridge, config));
        let copies = decision.copy_to.to_vec();
        let Some(profile) = decision.profile else { return Ok((Target::Own, copies)) };
        // It says what is wrong with the profile.
        self.routes.zammad(profile)?;
        let way = self.ways.get(profile).ok_or(ConfigError::NoSuchProfile)?;
        Ok((Target::Other(way, self), copies))
    }

    /// What is to be kept of the decision.
    fn course(&self, target: &Target<'_>, copies: &[String]) -> Course {
        let (profile, own) = match target {
            Target::Own => (None, self.own_address.as_str()),
            Target::Other(way, _) => {
                let is_this = |(_, other): &(&String, &Way)| std::ptr::eq(*other, *way);
                (self.ways.iter().find(is_this).map(|(name, _)| name.clone()), way.address.as_str())
            }
            Target::Gone { address, profile, .. } => (profile.clone(), address.as_str()),
        };
        let copies = copies.iter().filter_map(|profile| match self.ways.get(profile) {
            // It gets the event itself.
            Some(way) if way.address == own => None,
            Some(way) => Some(CopyTo { profile: profile.clone(), address: way.address.clone() }),
            None => {
                let error = self.routes.zammad(profile).err();
                let error = error.map(|error| in_full(&error)).unwrap_or_default();
                log::warn!("no copy: {error}");
                None
            }
        });
        Course { profile, copies: copies.collect() }
    }

    /// One way to each Zammad but the own.
    fn several(&self) -> impl Iterator<Item = (&Way, &Self)> {
        let by_address: BTreeMap<_, _> = self.ways.values().map(|way| (way.address.as_str(), way)).collect();
        let others = by_address.into_iter().filter(|(address, _)| *address != self.own_address);
        others.map(move |(_, way)| (way, self))
    }
}

/// What an event says of its call.
fn ringing<'a>(written: &'a WrittenEvent, bridge: Option<&'static str>, config: &Config) -> Ringing<'a> {
    let number =
        |shown: &Option<String>| shown.as_deref().and_then(|shown| config.numbering.read(shown).ok());
    Ringing {
        direction: written.direction.or(written.before.direction),
        from: number(&written.from),
        to: number(&written.to),
        queue: written.queue.as_deref(),
        trunk: written.trunk.as_deref(),
        bridge,
    }
}

impl Way {
    fn courier(&self, others: &Others) -> &Courier {
        self.courier.get_or_init(|| (others.open)(&self.config))
    }

    fn client(&self) -> Result<Client, ClientError> {
        if let Some(client) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(client);
        }
        if let Some(clients) = self.clients.get() {
            return clients.client();
        }
        let clients = Clients::new(&self.config)?;
        self.clients.get_or_init(|| clients).client()
    }

    fn give_back(&self, client: Client) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < IDLE {
            idle.push(client);
        }
    }
}

impl Target<'_> {
    /// Keeps an event until something leads to its Zammad again.
    async fn keep(&self, to_send: &EventToSend, deadline: Deadline) -> Result<Outcome, Failure> {
        let Self::Gone { address, profile, spool } = self else {
            return Err(Failure::Untried(super::Untried::CutShort(None)));
        };
        let kept =
            keep_for_later(&SharedSpool::of_address(spool, address.clone()), to_send, deadline).await?;
        log::warn!(
            "call {} went to the profile `{}`, and no profile that can be used leads to {address} now; its {} is in the \
             spool, and will be sent when one does",
            to_send.event.call_id,
            profile.as_deref().unwrap_or_default(),
            to_send.event.kind,
        );
        Ok(kept)
    }
}
