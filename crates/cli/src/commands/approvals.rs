//! `fillwright requests`, `approve`, `reject`: what waits for approval, and what people say to it.

use crate::arguments::Common;
use crate::commands::versions;
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{RequestId, Scope, Text, Timestamp};
use fillwright_kernel::adoption::{Pending, PolicyInput};
use fillwright_kernel::approvals::Request;
use fillwright_kernel::{ApprovalInput, Change, Input};
use serde::Serialize;

/// List the changes that wait for approval, or were approved and not yet made; a version of the rules
/// that waits is one of them.
///
/// Reads the journal and changes nothing. Expired requests are shown as such; nothing can be done with
/// them any more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright requests --home /srv/book
  fillwright requests --json | jq '.requests[].request_id'
  fillwright requests --ids              for a script: the names of those that wait or are approved

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Requests {
    /// Print the names alone, one a line, of those that have not expired.
    #[arg(long)]
    ids: bool,
}

/// Approve a change that somebody else proposed.
///
/// The approval is for exactly the change the request shows, it is used once, and it counts until the
/// request expires. Nobody approves what they proposed; an approver holds one of the roles that are
/// still missing, now and when the change is made. A version of the rules that waits is approved the
/// same way, by its hash or the beginning of it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright requests
  fillwright approve 2f1d… --by risk-1 --reason \"report-7 is sound\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Approve {
    /// The request, or the version of the rules.
    #[arg(value_name = "REQUEST")]
    request: String,
    #[command(flatten)]
    decider: Decider,
}

/// Reject a change that somebody proposed, or withdraw one's own.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright reject 2f1d… --by risk-1 --reason \"too early\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Reject {
    /// The request, or the version of the rules.
    #[arg(value_name = "REQUEST")]
    request: String,
    #[command(flatten)]
    decider: Decider,
}

/// The approval a change rests on, or the wish to ask for it.
#[derive(Debug, Args)]
pub(crate) struct Approval {
    /// The request that was approved.
    #[arg(long = "approval", value_name = "REQUEST", conflicts_with = "request")]
    named: Option<RequestId>,
    /// Ask for approval of exactly this change, instead of making it.
    #[arg(long)]
    request: bool,
    /// What speaks for the change; may be given more than once.
    #[arg(long, value_name = "TEXT", requires = "request")]
    evidence: Vec<String>,
    /// How long the request counts.
    #[arg(long, value_name = "SECONDS", default_value_t = 3_600, requires = "request")]
    expires_in: u32,
}

impl Approval {
    /// The request that was named.
    pub(crate) fn named(&self) -> Option<RequestId> {
        self.named
    }

    /// Whether to ask for approval instead of making the change.
    pub(crate) fn is_wanted(&self) -> bool {
        self.request
    }

    /// Asks for approval of a change.
    pub(crate) fn ask(
        &self,
        common: &Common,
        decider: &Decider,
        change: Change,
        scope: Scope,
    ) -> Result<Exit> {
        ask(common, decider, change, scope, &self.evidence, self.expires_in)
    }
}

/// Asks for approval of a change.
pub(crate) fn ask(
    common: &Common,
    decider: &Decider,
    change: Change,
    scope: Scope,
    evidence: &[String],
    expires_in: u32,
) -> Result<Exit> {
    let expires_at = common.in_seconds(expires_in)?;
    let (by, reason) = (decider.by(), decider.reason());
    let evidence = evidence.iter().map(Text::new).collect();
    let request = ApprovalInput::Request { change, scope, evidence, expires_at, by, reason };
    decider.decide(common, &Input::Approval(Box::new(request)))
}

impl Approve {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        if versions::waits(common, &self.request)? {
            return versions::say(common, &self.decider, &self.request, PolicyInput::Approve);
        }
        let (request_id, by) = (named(&self.request)?, self.decider.by());
        let approve = ApprovalInput::Approve { request_id, by, reason: self.decider.reason() };
        self.decider.decide(common, &Input::Approval(Box::new(approve)))
    }
}

impl Reject {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        if versions::waits(common, &self.request)? {
            return versions::say(common, &self.decider, &self.request, PolicyInput::Withdraw);
        }
        let (request_id, by) = (named(&self.request)?, self.decider.by());
        let reject = ApprovalInput::Reject { request_id, by, reason: self.decider.reason() };
        self.decider.decide(common, &Input::Approval(Box::new(reject)))
    }
}

fn named(request: &str) -> Result<RequestId> {
    Ok(request.parse().map_err(|_| {
        Stop::usage(format!("{request} is no name of a request; see `fillwright requests`"))
    })?)
}

/// What waits.
#[derive(Debug, Serialize)]
struct Waiting {
    requests: Vec<Row>,
    /// The version of the rules that waits, where one does.
    version: Option<Version>,
    #[serde(skip)]
    only_ids: bool,
}

/// A version of the rules that waits.
#[derive(Debug, Serialize)]
struct Version {
    hash: String,
    name: String,
    /// `waiting` or `approved`.
    state: &'static str,
    proposed_by: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct Row {
    request_id: RequestId,
    /// `waiting`, `approved` or `expired`.
    state: &'static str,
    expires: String,
    #[serde(flatten)]
    request: Request,
}

impl Requests {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, at, _) = JournalReader::of(&common.home()?)?.kernel()?;
        let at = Timestamp::from_ns(at.unwrap_or_default());
        let requests = kernel.state().approvals.iter();
        let requests = requests.map(|(request_id, request)| Row::of(at, request_id, request));
        let version = kernel.state().versions.pending().map(Version::of);
        let waiting = Waiting { requests: requests.collect(), version, only_ids: self.ids };
        common.output().report(&waiting)?;
        Ok(Exit::Done)
    }
}

impl Row {
    fn of(at: Timestamp, request_id: RequestId, request: &Request) -> Self {
        let state = match request.missing.is_empty() {
            _ if !request.is_open(at) => "expired",
            true => "approved",
            false => "waiting",
        };
        let expires = words::at(request.expires_at);
        Self { request_id, state, expires, request: request.clone() }
    }
}

impl Version {
    fn of(pending: &Pending) -> Self {
        let proposal = &pending.proposal;
        let waits = pending.needs_approval && pending.approved_by.is_none();
        Self {
            hash: pending.hash.to_string(),
            name: proposal.rulebook.version.to_string(),
            state: if waits { "waiting" } else { "approved" },
            proposed_by: proposal.by.to_string(),
            reason: proposal.reason.to_string(),
        }
    }
}

impl Waiting {
    fn ids(&self) -> String {
        let open = self.requests.iter().filter(|row| row.state != "expired");
        let requests = open.map(|row| row.request_id.to_string());
        let ids = self.version.iter().map(|version| version.hash.clone()).chain(requests);
        ids.collect::<Vec<_>>().join("\n")
    }
}

impl Report for Waiting {
    fn tell(&self) -> String {
        if self.only_ids {
            return self.ids();
        }
        if self.requests.is_empty() && self.version.is_none() {
            return "nothing waits for approval".to_owned();
        }
        let mut rows = table(&["request", "change", "scope", "by", "why", "missing", "until"]);
        if let Some(version) = &self.version {
            rows.add_row([
                version.hash[..12].to_owned(),
                format!("rules {}", version.name),
                "global".to_owned(),
                version.proposed_by.clone(),
                version.reason.clone(),
                if version.state == "waiting" { "approver" } else { version.state }.to_owned(),
                String::new(),
            ]);
        }
        for row in &self.requests {
            let missing: Vec<&str> = row.request.missing.iter().map(|role| role.as_str()).collect();
            let missing =
                if row.state == "waiting" { missing.join(", ") } else { row.state.into() };
            rows.add_row([
                row.request_id.to_string(),
                row.request.change.kind().to_string(),
                row.request.scope.to_string(),
                row.request.proposed_by.to_string(),
                row.request.reason.to_string(),
                missing,
                row.expires.clone(),
            ]);
        }
        rows.trim_fmt()
    }
}
