//! The story of an intent that never came in: what would be decided about it, by which figures, and what would follow.

use super::tell::{section, tell_order, tell_plan};
use super::{Story, Told, gate_word, story};
use crate::output::Report;
use crate::rows::{status_word, verdicts_of};
use crate::words;
use fillwright_domain::{DigestedIntent, IntentKey, Quote, ResultStatus, Text, Timestamp};
use fillwright_journal::Hash;
use fillwright_kernel::incidents::IncidentEvent;
use fillwright_kernel::{Event, Gate, Input, Kernel};
use fillwright_policy::{Condition, Decision, DecisionRow, Rulebook};
use serde::Serialize;

/// What would happen to an intent at some point of the journal.
#[derive(Debug, Serialize)]
pub(crate) struct Imagined {
    /// The entry behind which it would come in.
    as_of_seq: u64,
    /// What the id was already answered with by then: coming in, the intent would be a duplicate or a conflict.
    known: Option<Known>,
    /// The gate that would refuse it.
    refused_by: Option<Gate>,
    /// The row of the table of decisions that decided, where the intent came that far.
    decision_row: Option<DecisionRow>,
    /// Incidents that its coming in would open.
    would_open: Vec<String>,
    #[serde(flatten)]
    story: Story,
}

/// An earlier intent of the same id.
#[derive(Debug, Serialize)]
struct Known {
    seq: u64,
    /// Whether it says the same.
    is_same: bool,
    status: Option<ResultStatus>,
}

impl Imagined {
    /// Lets the kernel consider an intent. Nothing where the kernel decides nothing, which no kernel does.
    pub(crate) fn of(
        kernel: &Kernel,
        at: Timestamp,
        intent: DigestedIntent,
        quote: Option<Quote>,
    ) -> Option<Self> {
        let state = kernel.state();
        let key = IntentKey::derive(state.partition.as_str(), &intent.intent_id);
        let known = state.answered.get(key).map(|known| Known {
            seq: known.first_seq,
            is_same: known.is_same(intent.digest()),
            status: known.status,
        });
        let events = kernel.consider(at, &intent, quote.as_ref());
        let rules = rules(kernel, &events);
        let decision_row = decision_row(rules, &events);
        let refused_by = verdicts_of(&events)
            .iter()
            .find(|verdict| verdict.is_refusal())
            .map(|verdict| verdict.gate);
        let would_open = events.iter().filter_map(opened).collect();
        let input = Input::SubmitIntent { intent: Box::new(intent), quote };
        let told = Told { seq: state.seq + 1, at, hash: Hash::default(), input, events };
        let story = story(&told, std::slice::from_ref(&told), rules)?;
        let story = Story { proof: Vec::new(), happenings: Vec::new(), ..story };
        Some(Self { as_of_seq: state.seq, known, refused_by, decision_row, would_open, story })
    }
}

impl Imagined {
    /// Whether an order would leave.
    pub(crate) fn sends(&self) -> bool {
        !self.story.orders.is_empty()
    }
}

/// The rules it would be judged by: those in force, or those that fall due by then.
fn rules<'a>(kernel: &'a Kernel, events: &[Event]) -> Option<&'a Rulebook> {
    let state = kernel.state();
    let is_in_force = events.iter().any(|event| {
        matches!(event, Event::IntentJudged { rulebook_seq, .. } if *rulebook_seq == state.rulebook_seq)
    });
    let due = state.versions.pending().map(|pending| &*pending.proposal.rulebook);
    if is_in_force { state.rulebook.as_ref() } else { due }
}

fn decision_row(rules: Option<&Rulebook>, events: &[Event]) -> Option<DecisionRow> {
    let mut verdicts = verdicts_of(events).into_iter();
    let verdict = verdicts.find(|verdict| verdict.gate == Gate::DecisionTable)?;
    let id = verdict.rule.as_ref()?;
    rules?.decisions.as_ref()?.rows.iter().find(|row| row.id == *id).cloned()
}

fn opened(event: &Event) -> Option<String> {
    match event {
        Event::Incident(IncidentEvent::Opened { incident }) => Some(incident.summary.to_string()),
        _ => None,
    }
}

impl Report for Imagined {
    fn tell(&self) -> String {
        let story = &self.story;
        let sections = [
            Some(self.title()),
            Some(section("Asked", &story.tell_asked())),
            Some(section(&story.rules_title(), &story.tell_gates())),
            self.decision_row
                .as_ref()
                .map(|row| section("Row of the table of decisions", &tell_row(row))),
            story.plan.as_ref().map(|plan| section("Plan", &tell_plan(plan))),
            self.tell_orders(),
            self.tell_would_open(),
            Some("Nothing was written, and nothing was sent.".to_owned()),
        ];
        sections.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }
}

impl Imagined {
    fn title(&self) -> String {
        let story = &self.story;
        let gate = self.refused_by.map(gate_word).unwrap_or_default();
        let ended = match story.ended.as_str() {
            "working" => "would be sent to its plane".to_owned(),
            "executed" => "would be executed".to_owned(),
            ended => format!("would be {ended} at gate {gate}"),
        };
        let because = story.ended_because.as_ref().map(|because| format!(": {because}"));
        let known = self.known.as_ref().map(Known::tell).unwrap_or_default();
        format!(
            "{} {ended}{}\n  decided at {}, behind entry {}{known}",
            story.intent.intent_id,
            because.unwrap_or_default(),
            story.decided_at,
            self.as_of_seq
        )
    }

    fn tell_orders(&self) -> Option<String> {
        let lines: Vec<String> = self.story.orders.iter().flat_map(tell_order).collect();
        (!lines.is_empty()).then(|| section("Order", &lines))
    }

    fn tell_would_open(&self) -> Option<String> {
        (!self.would_open.is_empty()).then(|| section("Incidents it would open", &self.would_open))
    }
}

impl Known {
    fn tell(&self) -> String {
        let Self { seq, is_same, status } = self;
        let answer = match (is_same, status) {
            (false, _) => {
                "is that of another intent, so it would be refused as a conflict".to_owned()
            }
            (true, Some(status)) => {
                format!("was answered ({}), and would be again", status_word(*status))
            }
            (true, None) => "is at work, which is what it would be answered".to_owned(),
        };
        format!(
            "\n  its id {answer} (entry {seq}); this is what would be decided had it not come before"
        )
    }
}

fn tell_row(row: &DecisionRow) -> Vec<String> {
    let conditions: Vec<String> = row.when.iter().map(condition).collect();
    let when = match &conditions[..] {
        [] => "whatever the order".to_owned(),
        conditions => format!("where {}", conditions.join(" and ")),
    };
    let then = match (row.then, row.size) {
        (Decision::Allow, _) => "allows".to_owned(),
        (Decision::Deny, _) => "denies".to_owned(),
        (Decision::Reduce, size) => {
            format!("reduces to {}", size.map(words::percent).unwrap_or_default())
        }
    };
    let flags: Vec<&str> = row.flags.iter().map(Text::as_str).collect();
    let flags =
        if flags.is_empty() { String::new() } else { format!(", flags {}", flags.join(", ")) };
    vec![format!("{} {then}, {when}{flags}", row.id), format!("because: {}", row.reason)]
}

fn condition(condition: &Condition) -> String {
    let fact = serde_json::to_value(condition.fact).ok();
    let fact = fact.and_then(|fact| fact.as_str().map(str::to_owned)).unwrap_or_default();
    let words: Vec<&str> = condition.one_of.iter().map(Text::as_str).collect();
    let is = (!words.is_empty()).then(|| format!("{fact} is {}", words.join(" or ")));
    let above = condition.above.map(|limit| format!("{fact} is above {limit}"));
    let at_most = condition.at_most.map(|limit| format!("{fact} is at most {limit}"));
    [is, above, at_most].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
