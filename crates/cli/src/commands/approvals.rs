//! `fillwright requests`, `approve`, `reject`: what waits for approval, and what people say to it.

use crate::arguments::Common;
use crate::decisions::Decider;
use crate::exit::{Exit, Stop};
use crate::output::{Report, table};
use crate::reading::JournalReader;
use crate::words;
use anyhow::Result;
use clap::Args;
use fillwright_domain::{RequestId, Scope, Text, Timestamp};
use fillwright_kernel::approvals::Request;
use fillwright_kernel::{ApprovalInput, Change, Input};
use serde::Serialize;

/// List the changes that wait for approval, or were approved and not yet made.
///
/// Reads the journal and changes nothing. Expired requests are shown as such; nothing can be done with
/// them any more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright requests --home /srv/book
  fillwright requests --json | jq '.requests[].request_id'

Exit codes: as `fillwright --help` lists them.")]
pub(crate) struct Requests {}

/// Approve a change that somebody else proposed.
///
/// The approval is for exactly the change the request shows, it is used once, and it counts until the
/// request expires. Nobody approves what they proposed; an approver holds one of the roles that are
/// still missing, now and when the change is made.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  fillwright requests
  fillwright approve 2f1d… --by risk-1 --reason \"report-7 is sound\"

Exit codes: as `fillwright --help` lists them; 1 where nothing changed, and why.")]
pub(crate) struct Approve {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: RequestId,
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
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: RequestId,
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
    let now = i64::try_from(jiff::Timestamp::now().as_nanosecond())
        .map_err(|_| Stop::usage("the clock stands outside the years 1678 to 2261"))?;
    let expires_at = Timestamp::from_ns(now.saturating_add(i64::from(expires_in) * 1_000_000_000));
    let (by, reason) = (decider.by(), decider.reason());
    let evidence = evidence.iter().map(Text::new).collect();
    let request = ApprovalInput::Request { change, scope, evidence, expires_at, by, reason };
    decider.decide(common, &Input::Approval(Box::new(request)))
}

impl Approve {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (request_id, by) = (self.request, self.decider.by());
        let approve = ApprovalInput::Approve { request_id, by, reason: self.decider.reason() };
        self.decider.decide(common, &Input::Approval(Box::new(approve)))
    }
}

impl Reject {
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (request_id, by) = (self.request, self.decider.by());
        let reject = ApprovalInput::Reject { request_id, by, reason: self.decider.reason() };
        self.decider.decide(common, &Input::Approval(Box::new(reject)))
    }
}

/// What waits.
#[derive(Debug, Serialize)]
struct Waiting {
    requests: Vec<Row>,
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
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(self, common: &Common) -> Result<Exit> {
        let (kernel, at, _) = JournalReader::of(&common.home()?)?.kernel()?;
        let at = Timestamp::from_ns(at.unwrap_or_default());
        let requests = kernel.state().approvals.iter();
        let requests = requests.map(|(request_id, request)| Row::of(at, request_id, request));
        common.output().report(&Waiting { requests: requests.collect() })?;
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

impl Report for Waiting {
    fn tell(&self) -> String {
        if self.requests.is_empty() {
            return "nothing waits for approval".to_owned();
        }
        let mut rows = table(&["request", "change", "scope", "by", "why", "missing", "until"]);
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
