//! The offers of servers in earlier sessions, for servers that let commands leave before the
//! greeting.

use std::collections::BTreeSet;
use std::fmt::{self, Debug};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smtp_grammar::{Capabilities, Host};
use tokio_rustls::rustls::ClientConfig;

use super::identity::CredentialId;

/// The keyword of a server that takes commands before its greeting and its reply to EHLO have come.
const PIPECONNECT: &str = "PIPECONNECT";

/// The offers of servers in their last sessions, which save round trips with servers that offer
/// PIPECONNECT (Exim's early pipelining). A clone shares the content.
///
/// | session | what leaves before the greeting | round trips less |
/// |---|---|---|
/// | implicit TLS | EHLO, inside TLS | 1 |
/// | STARTTLS | EHLO | 1 |
/// | [without TLS](crate::Submission::without_tls) | EHLO | 1 |
/// | without TLS, with [a message](crate::Submission::connect_and_deliver) that waits for the replies to RCPT | EHLO, MAIL and each RCPT | 2 |
///
/// Nothing leaves early to a server whose last session did not offer PIPECONNECT and PIPELINING, and never more
/// than in the table: STARTTLS and AUTH wait for the reply to EHLO, and DATA, chunks and content
/// wait until that reply was compared. It is what counts. Where it differs from what is remembered,
/// MAIL and RCPT are taken back (RSET) and sent again as the reply has it. A server that refuses
/// such a session, or ends it, gets another one, once, in which EHLO waits; where that goes well,
/// nothing leaves early to it any more.
///
/// An entry is for one host name, port, kind of TLS, [`TlsConfig`](crate::TlsConfig) with its
/// clones, name in EHLO, keywords that are [ignored](crate::Server::ignore_capability), and
/// credentials: those that one [`Submission`](crate::Submission) and its clones have. There are 1000 entries at most, or as many as
/// [`with_capacity`](Self::with_capacity) says; the one that was used longest ago makes room.
///
/// ```no_run
/// use smtp::connect::CapabilityCache;
/// use smtp::{Plain, Submission};
///
/// # async fn send() -> Result<(), smtp::Error> {
/// let cache = CapabilityCache::new();
/// let submission = Submission::new("mail.example.com")
///     .capability_cache(&cache)
///     .auth_with(|| Plain::new("me@example.com", "secret"));
/// submission.connect().await?.quit().await?;
/// // One round trip less, where the server offers PIPECONNECT.
/// submission.connect().await?.quit().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CapabilityCache(Arc<Mutex<Entries>>);

struct Entries {
    list: Vec<Entry>,
    most: NonZeroUsize,
    /// How often an entry was used.
    uses: u64,
}

struct Entry {
    key: Key,
    used: u64,
    /// The offers of the last session; none where nothing may leave early.
    capabilities: Option<Capabilities>,
    /// The server did not take what left early.
    waits: bool,
    /// It did not take commands in the flight of AUTH.
    auth_alone: bool,
}

/// Whom a session is with, and as whom.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) policy: Policy,
    pub(super) client_name: Option<Host>,
    pub(super) credentials: Option<CredentialId>,
    /// The keywords that are taken as not listed, in upper case.
    pub(super) ignored: BTreeSet<String>,
}

/// The kind of TLS, and who verifies the server.
#[derive(Clone)]
pub(super) enum Policy {
    Clear,
    StartTls(Arc<ClientConfig>),
    Implicit(Arc<ClientConfig>),
}

impl Policy {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Clear, Self::Clear) => true,
            (Self::StartTls(one), Self::StartTls(other))
            | (Self::Implicit(one), Self::Implicit(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }
}

impl Key {
    fn is(&self, other: &Self) -> bool {
        self.credentials == other.credentials
            && self.host == other.host
            && self.port == other.port
            && self.client_name == other.client_name
            && self.ignored == other.ignored
            && self.policy.is(&other.policy)
    }
}

impl CapabilityCache {
    /// A cache of 1000 entries.
    pub fn new() -> Self {
        Self::with_capacity(NonZeroUsize::MIN.saturating_add(999))
    }

    /// A cache of so many entries.
    pub fn with_capacity(entries: NonZeroUsize) -> Self {
        Self(Arc::new(Mutex::new(Entries { list: Vec::new(), most: entries, uses: 0 })))
    }

    /// How many servers it has entries of.
    pub fn len(&self) -> usize {
        self.lock().list.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets all of them.
    pub fn clear(&self) {
        self.lock().list.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for CapabilityCache {
    fn default() -> Self {
        Self::new()
    }
}

impl Debug for CapabilityCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CapabilityCache").field("entries", &self.len()).finish_non_exhaustive()
    }
}

impl Entries {
    fn find(&mut self, key: &Key) -> Option<&mut Entry> {
        self.uses += 1;
        let uses = self.uses;
        let entry = self.list.iter_mut().find(|entry| entry.key.is(key))?;
        entry.used = uses;
        Some(entry)
    }

    /// The entry of this key, which is made where there is none.
    fn entry(&mut self, key: &Key) -> &mut Entry {
        if let Some(index) = self.list.iter().position(|entry| entry.key.is(key)) {
            return &mut self.list[index];
        }
        if self.list.len() >= self.most.get() {
            let oldest = self.list.iter().enumerate().min_by_key(|(_, entry)| entry.used);
            if let Some((oldest, _)) = oldest {
                self.list.swap_remove(oldest);
            }
        }
        self.uses += 1;
        let (key, used) = (key.clone(), self.uses);
        let entry = Entry { key, used, capabilities: None, waits: false, auth_alone: false };
        let index = self.list.len();
        self.list.push(entry);
        &mut self.list[index]
    }
}

/// The place of a server in a cache.
pub(super) struct Memory {
    cache: CapabilityCache,
    key: Key,
}

impl Memory {
    pub(super) fn new(cache: CapabilityCache, key: Key) -> Self {
        Self { cache, key }
    }

    /// The offers of the last session, where EHLO may leave before the greeting.
    pub(super) fn recall(&self) -> Option<Capabilities> {
        self.cache.lock().find(&self.key)?.capabilities.clone()
    }

    /// Keeps the offers of a session.
    pub(super) fn keep(&self, capabilities: &Capabilities) {
        let mut entries = self.cache.lock();
        let offered = capabilities.has(PIPECONNECT) && capabilities.has("PIPELINING");
        // A server that has never offered it needs no entry.
        if offered || entries.find(&self.key).is_some() {
            let entry = entries.entry(&self.key);
            entry.capabilities = Some(capabilities.clone()).filter(|_| offered && !entry.waits);
        }
    }

    /// Forgets the offers.
    pub(super) fn forget(&self) {
        if let Some(entry) = self.cache.lock().find(&self.key) {
            entry.capabilities = None;
        }
    }

    /// Nothing leaves early any more.
    pub(super) fn wait_from_now_on(&self) {
        let mut entries = self.cache.lock();
        let entry = entries.entry(&self.key);
        (entry.capabilities, entry.waits) = (None, true);
    }

    /// Whether commands may follow AUTH in its flight, as far as is known.
    pub(super) fn pipelines_auth(&self) -> bool {
        self.cache.lock().find(&self.key).is_none_or(|entry| !entry.auth_alone)
    }

    pub(super) fn stop_pipelining_auth(&self) {
        self.cache.lock().entry(&self.key).auth_alone = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offers(keywords: &[&str]) -> Capabilities {
        let lines = std::iter::once("mail.example.test").chain(keywords.iter().copied());
        Capabilities::from_reply(&smtp_grammar::Reply::new(smtp_grammar::ReplyCode::OK, lines))
    }

    fn early() -> Capabilities {
        offers(&["PIPELINING", "PIPECONNECT"])
    }

    fn key(host: &str) -> Key {
        let (host, policy) = (host.to_owned(), Policy::Clear);
        let ignored = BTreeSet::new();
        Key { host, port: 25, policy, client_name: None, credentials: None, ignored }
    }

    fn memory(cache: &CapabilityCache, key: &Key) -> Memory {
        Memory::new(cache.clone(), key.clone())
    }

    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    #[test]
    fn each_part_of_a_key_counts() {
        let tls = || {
            let tls = crate::net::TlsConfig::builder().dangerous().accept_any_certificate();
            tls.build().expect("a configuration").config()
        };
        let (one, other) = (tls(), tls());
        let (me, you) = (CredentialId::unique(), CredentialId::unique());
        let name = |name: &str| Some(name.parse::<Host>().expect("a name"));
        let with_policy = |policy| Key { policy, ..key("a") };
        let keys = [
            key("a"),
            key("b"),
            Key { port: 587, ..key("a") },
            Key { client_name: name("me.example"), ..key("a") },
            Key { client_name: name("you.example"), ..key("a") },
            Key { credentials: Some(me), ..key("a") },
            Key { credentials: Some(you), ..key("a") },
            Key { ignored: ["SIZE".to_owned()].into(), ..key("a") },
            with_policy(Policy::StartTls(Arc::clone(&one))),
            with_policy(Policy::StartTls(Arc::clone(&other))),
            with_policy(Policy::Implicit(one)),
            with_policy(Policy::Implicit(other)),
        ];
        let cache = CapabilityCache::new();
        for (index, key) in keys.iter().enumerate() {
            assert!(memory(&cache, key).recall().is_none(), "{index}");
            memory(&cache, key).keep(&early());
            assert_eq!(cache.len(), index + 1);
        }
        for key in &keys {
            assert!(memory(&cache, key).recall().is_some());
        }
    }

    #[test]
    fn the_entry_that_was_used_longest_ago_makes_room() {
        let cache = CapabilityCache::with_capacity(NonZeroUsize::MIN.saturating_add(1));
        for host in ["a", "b"] {
            memory(&cache, &key(host)).keep(&early());
        }
        assert!(memory(&cache, &key("a")).recall().is_some());
        memory(&cache, &key("c")).keep(&early());
        let found = ["a", "b", "c"].map(|host| memory(&cache, &key(host)).recall().is_some());
        assert_eq!(found, [true, false, true]);
        assert_eq!(cache.len(), 2);
        cache.clear();
        assert!(cache.is_empty());
    }

    #[test]
    fn a_server_that_does_not_take_it_is_not_tried_again() {
        let cache = CapabilityCache::new();
        let memory = memory(&cache, &key("a"));
        memory.keep(&early());
        memory.wait_from_now_on();
        memory.keep(&early());
        assert!(memory.recall().is_none());
    }

    #[test]
    fn auth_that_goes_alone_is_kept_apart() {
        let cache = CapabilityCache::new();
        let memory = memory(&cache, &key("a"));
        assert!(memory.pipelines_auth());
        memory.stop_pipelining_auth();
        memory.keep(&early());
        assert!(!memory.pipelines_auth() && memory.recall().is_some());
    }
}
