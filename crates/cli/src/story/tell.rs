//! The story in words for a person.

use super::gates::on_plane;
use super::{Again, Story, gate_word, gate_words};
use crate::output::Report;
use crate::rows::{ending_word, reason_word, side_word};
use crate::words;
use fillwright_domain::{
    ActionType, Ask, Constraint, ExecutionIntent, ExecutionOutcome, ExecutionPlan, ExecutionStatus,
    OrderIntent, OrderStatus, OrderType, Plane, ReportKind, ResultStatus, Route, Scope, Side, Text,
};
use fillwright_kernel::adoption::PolicyInput;
use fillwright_kernel::corrections::Correction;
use fillwright_kernel::{Event, FlowInput, Input};

impl Report for Story {
    fn tell(&self) -> String {
        let sections = [
            Some(self.title()),
            Some(section("Asked", &self.tell_asked())),
            Some(section(&self.rules_title(), &self.tell_gates())),
            self.plan.as_ref().map(|plan| section("Plan", &tell_plan(plan))),
            self.tell_orders(),
            Some(section("Result", &self.tell_result())),
            self.tell_again(),
            Some(section("Proof in the journal", &self.tell_proof())),
        ];
        sections.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
    }
}

/// Lines that only list are broken here.
const WIDTH: usize = 110;

pub(super) fn section(title: &str, lines: &[String]) -> String {
    let lines: Vec<String> = lines.iter().map(|line| format!("  {line}")).collect();
    format!("{title}\n{}", lines.join("\n"))
}

fn named(name: &str, text: impl std::fmt::Display) -> String {
    format!("{name:<12} {text}")
}

impl Story {
    fn title(&self) -> String {
        let ended = match self.ended.as_str() {
            "failed" => "failed".to_owned(),
            "working" => "is at work".to_owned(),
            "partial" => "was filled in part".to_owned(),
            ended => format!("was {ended}"),
        };
        let because = self.ended_because.as_ref().map(|because| format!(": {because}"));
        format!("{} {ended}{}", self.intent.intent_id, because.unwrap_or_default())
    }

    pub(super) fn tell_asked(&self) -> Vec<String> {
        let intent = &self.intent;
        let nobody = || "nobody".to_owned();
        let strategy = self.strategy_id.as_ref().map_or_else(nobody, ToString::to_string);
        let run = self
            .source_run
            .as_ref()
            .map_or_else(|| "no run".to_owned(), |run| format!("run {run}"));
        let mut lines = vec![
            named("read at", place(intent.origin.source.as_str(), intent.origin.line)),
            named(
                "wanted by",
                format!("strategy {strategy}, for book {}, on {run}", intent.book_id),
            ),
            named("asks to", self.wish()),
        ];
        lines.extend(self.conditions().map(|conditions| named("but", conditions)));
        lines.push(named("market", self.market()));
        lines
    }

    fn wish(&self) -> String {
        match &self.intent.ask {
            Ask::Execution(asked) => format!(
                "{}, urgency {}, priority {}{}",
                self.action(asked),
                word(&asked.urgency),
                asked.priority,
                because(asked)
            ),
            Ask::Rebalance(asked) => format!(
                "change the weight of {} by {} of equity, to {}",
                self.intent.instrument_id,
                words::percent(asked.weight_change),
                words::percent(asked.target_weight)
            ),
        }
    }

    fn action(&self, asked: &ExecutionIntent) -> String {
        let (instrument, size) = (&self.intent.instrument_id, words::percent(asked.size_frac));
        match asked.action {
            ActionType::Hold => format!("hold {instrument}"),
            ActionType::Add => format!("add {size} of the book's allocation in {instrument}"),
            ActionType::Trim => format!("trim the position in {instrument} by {size}"),
            ActionType::Exit => format!("close the position in {instrument}"),
            ActionType::Reclaim => {
                format!("buy {instrument} back with {size} of the book's allocation")
            }
            ActionType::EmergencyExit => {
                format!("close the position in {instrument} whatever else holds (emergency exit)")
            }
            ActionType::Rebalance => format!("rebalance {instrument}"),
        }
    }

    /// What the sender allows no further.
    fn conditions(&self) -> Option<String> {
        let Ask::Execution(asked) = &self.intent.ask else { return None };
        let slippage =
            asked.max_slippage_bps.map(|bps| format!("with at most {bps} bps of slippage"));
        let leverage = asked.max_leverage.map(|cap| {
            let why = asked.risk_reason.as_ref().map(|why| format!(" ({why})"));
            format!("with at most {cap} times leverage{}", why.unwrap_or_default())
        });
        let reduce = self.intent.reduce_only().then(|| "only to reduce the position".to_owned());
        let post = asked.post_only.then(|| "only as a maker".to_owned());
        let all: Vec<String> = [slippage, leverage, reduce, post].into_iter().flatten().collect();
        (!all.is_empty()).then(|| all.join(", "))
    }

    fn market(&self) -> String {
        let Some(quote) = &self.quote else { return "no quote was known".to_owned() };
        let last = quote.last_px.map(|px| format!(", last {px}")).unwrap_or_default();
        format!(
            "bid {}, ask {}{last}, seen at {} ({} ms before the decision)",
            quote.bid_px,
            quote.ask_px,
            words::at(quote.as_of),
            self.quote_age_ms.unwrap_or_default()
        )
    }

    pub(super) fn rules_title(&self) -> String {
        match &self.rules_version {
            Some(version) => format!(
                "Gates, in their order (rules {version}, adopted by entry {})",
                self.rules_seq
            ),
            None => "Gates, in their order".to_owned(),
        }
    }

    pub(super) fn tell_gates(&self) -> Vec<String> {
        let mut lines: Vec<String> = self
            .gates
            .iter()
            .map(|line| format!("{:<16} {}", gate_word(line.gate), line.sentence))
            .collect();
        let idle = gate_words(self.not_in_force);
        if !idle.is_empty() {
            let idle = format!("no rule in force yet: {}", idle.join(", "));
            lines.push(words::wrapped(&idle, WIDTH, "    "));
        }
        lines
    }

    fn tell_orders(&self) -> Option<String> {
        if self.orders.is_empty() {
            return None;
        }
        let mut lines: Vec<String> = self.orders.iter().flat_map(tell_order).collect();
        for happening in &self.happenings {
            lines.push(format!(
                "{:<12} {} (entry {})",
                clock(&happening.at),
                happening.what,
                happening.seq
            ));
        }
        lines.extend(self.outcomes.iter().map(tell_outcome));
        Some(section("Order", &lines))
    }

    fn tell_result(&self) -> Vec<String> {
        let Some(result) = &self.result else {
            return vec!["none yet: its order is still at work".to_owned()];
        };
        let mut lines = vec![match result.status {
            ResultStatus::Success => "success: everything the plan asked for was done".to_owned(),
            ResultStatus::Partial => "partial: some of what the plan asked for was done".to_owned(),
            ResultStatus::Skipped => {
                let code = result.skip_reason.as_ref().map_or("", |code| code.as_str());
                format!("skipped: nothing was sent ({}, {code})", self.ended)
            }
            ResultStatus::Error => {
                let error = result.error.as_ref().map_or("", |error| error.as_str());
                format!("error: it was sent and nothing came of it ({error})")
            }
        }];
        lines.extend(result.tokens_bought.map(|qty| named("bought", words::quantity(qty))));
        lines.extend(result.tokens_sold.map(|qty| named("sold", words::quantity(qty))));
        lines.extend(result.price.map(|px| named("at", format!("{px} on average"))));
        lines.extend(result.slippage_bps.map(|bps| {
            let than = if bps > 0 { "worse than" } else { "against" };
            named("slippage", format!("{bps} bps {than} the mid at decision"))
        }));
        lines.extend(result.fees_usd.map(|fees| named("fees", format!("{fees} USD"))));
        if result.price.is_none() && result.status == ResultStatus::Success {
            lines.push("the paper plane has no prices, so none is stated".to_owned());
        }
        lines
    }

    fn tell_again(&self) -> Option<String> {
        let lines: Vec<String> =
            self.again.iter().map(|again| self.tell_once_more(again)).collect();
        (!lines.is_empty()).then(|| section("It came again", &lines))
    }

    fn tell_once_more(&self, again: &Again) -> String {
        let first = self.proof.first().map_or(0, |proof| proof.seq);
        let place = place(&again.source, again.line);
        if again.is_conflict {
            format!(
                "entry {}, {}: CONFLICT, read at {place}, asks for something else ({}) under the id of entry {first}. \
                 Nothing was done; give it an id of its own",
                again.seq, again.at, again.asked
            )
        } else {
            format!(
                "entry {}, {}: duplicate, read at {place}; answered with what entry {first} led to, nothing was done",
                again.seq, again.at
            )
        }
    }

    fn tell_proof(&self) -> Vec<String> {
        self.proof
            .iter()
            .map(|proof| {
                format!("entry {:<6} {:<28} {}  {}", proof.seq, proof.at, proof.hash, proof.what)
            })
            .collect()
    }
}

fn because(asked: &ExecutionIntent) -> String {
    let codes: Vec<&str> = asked.reason_codes.iter().map(Text::as_str).collect();
    if codes.is_empty() { String::new() } else { format!(", because of {}", codes.join(", ")) }
}

fn place(source: &str, line: u64) -> String {
    match (source, line) {
        ("-", line) => format!("line {line} of standard input"),
        (source, 0) => format!("{source}, which does not name it any more"),
        (source, line) if source.contains('#') => format!("{source}, row {line}"),
        (source, line) => format!("{source}:{line}"),
    }
}

/// The time of day of an instant.
fn clock(at: &str) -> &str {
    at.split_once('T').map_or(at, |(_, time)| time)
}

/// The word of a closed set, as its JSON has it.
fn word(value: &impl serde::Serialize) -> String {
    let word = serde_json::to_value(value).ok();
    word.and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

pub(super) fn tell_plan(plan: &ExecutionPlan) -> Vec<String> {
    if plan.skip_reason.is_some() {
        return vec!["nothing is sent".to_owned()];
    }
    let price = plan.price.map(|px| format!(" at {px}")).unwrap_or_default();
    let mut lines = vec![format!(
        "{} order for {}{price}; the book's leverage with it is at most {}",
        word(&plan.order_type),
        words::quantity(plan.size),
        leverage(plan)
    )];
    lines.extend(
        plan.constraints_applied
            .iter()
            .map(|constraint| format!("- {}", constraint_word(constraint))),
    );
    lines
}

fn leverage(plan: &ExecutionPlan) -> String {
    let one = fillwright_domain::Notional::new(fillwright_domain::Decimal::ONE);
    let gross = fillwright_domain::Notional::new(plan.leverage.get());
    words::multiple(gross, one).unwrap_or_else(|| plan.leverage.to_string())
}

fn constraint_word(constraint: Constraint) -> &'static str {
    match constraint {
        Constraint::InputTruncated => "a number of the input had more than 18 decimals and was cut",
        Constraint::ReduceOnly => "cut to what is left to close",
        Constraint::OrderNotional => "cut to the most one order may be worth",
        Constraint::LeverageCap => "cut to the leverage cap",
        Constraint::AssetExposure => "cut to the most that may be in one asset",
        Constraint::LotRounding => "quantity rounded down to the lot",
        Constraint::TickRounding => "limit price rounded to the tick, never to the worse",
        Constraint::MaxQuantity => "cut to the venue's largest order",
        Constraint::MinNotional => "worth less than the venue takes",
        Constraint::SafetyExit => "a safety exit: gates that only guard new risk were passed by",
        Constraint::SlippageLimit => "limit price kept to the slippage the intent allows",
        Constraint::FullExit => "the whole position is to be closed",
        Constraint::OrderQuantity => "cut to the largest order",
        Constraint::PositionLimit => "cut to the largest position",
        Constraint::GrossExposure => "cut to the cap on gross exposure",
        Constraint::NetExposure => "cut to the cap on net exposure",
        Constraint::SectorExposure => "cut to the cap on the sector",
        Constraint::ClusterExposure => "cut to the cap on the cluster",
        Constraint::DuplicateSuspected => {
            "an order just like it was released a moment ago; policy lets it pass, marked"
        }
    }
}

pub(super) fn tell_order(order: &OrderIntent) -> Vec<String> {
    let price = order.limit_px.map(|px| format!(" {px}")).unwrap_or_default();
    let mut flags = vec![word(&order.time_in_force)];
    flags.extend(order.reduce_only.then(|| "reduce-only".to_owned()));
    flags.extend(order.post_only.then(|| "post-only".to_owned()));
    let side = match order.side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    };
    let kind = match order.order_type {
        OrderType::Market => "at the market",
        OrderType::Limit => "at the limit",
    };
    let mut lines = vec![
        format!(
            "{side} {} {} {kind}{price} ({}), {}",
            words::quantity(order.requested_quantity),
            order.market_id,
            flags.join(", "),
            on_plane(order.plane)
        ),
        named("order id", order.order_intent_id),
        named("at venue", order.client_order_id()),
    ];
    lines.extend(order.route.as_ref().map(|route| named("route", way(route))));
    lines
}

fn way(route: &Route) -> String {
    let algorithm = route.algorithm.as_ref().map(|name| format!(", its {name}"));
    format!("{}, out on {}{}", route.route_id, route.broker, algorithm.unwrap_or_default())
}

fn tell_outcome(outcome: &ExecutionOutcome) -> String {
    let filled = words::quantity(outcome.filled_quantity);
    let what = match outcome.status {
        ExecutionStatus::Filled => format!("FILLED, {} {filled}", side_word(outcome.side)),
        ExecutionStatus::PartiallyFilled => {
            format!("PARTIALLY_FILLED, {} {filled}", side_word(outcome.side))
        }
        ExecutionStatus::Failed => {
            format!("FAILED, {}", outcome.reason.map_or("nothing came of it", reason_word))
        }
    };
    named("outcome", format!("{what} (execution {})", outcome.execution_id()))
}

/// What an event did to its order; nothing where the order's own lines say it.
pub(super) fn happening(event: &Event, input: &Input) -> Option<String> {
    match event {
        Event::OrderEmitted { order, .. } => Some(match order.plane {
            Plane::Paper => {
                "released to the paper plane, which filled it in the same step".to_owned()
            }
            Plane::LiveStub => "released to the live stub once this entry was durable".to_owned(),
        }),
        Event::OrderStatusChanged { status, text, .. } => {
            Some(changed(*status, text.as_ref(), input))
        }
        Event::FillBooked { last_qty, last_px, cum_qty, fee, exec_id, .. } => Some(format!(
            "filled {} at {last_px}, {} in all, for a fee of {fee} USD (report {exec_id})",
            words::quantity(*last_qty),
            words::quantity(*cum_qty)
        )),
        Event::FillCorrected(correction) => Some(corrected(correction)),
        Event::OrderCancelRequested { .. } => Some(match input {
            Input::EngageKillSwitch { by, reason, scope, .. } => {
                let what =
                    if *scope == Scope::Global { "trading".to_owned() } else { scope.to_string() };
                format!("{by} halted {what} ({reason}), so it was asked to be cancelled")
            }
            _ => "asked to be cancelled".to_owned(),
        }),
        Event::OrderQueried { .. } if matches!(input, Input::Statement(_)) => Some(
            "its executor's ledger says otherwise, so it was asked what became of it".to_owned(),
        ),
        Event::OrderQueried { .. } => Some(
            "after a restart its plane was asked what became of it; it was not sent again"
                .to_owned(),
        ),
        Event::OrderStranded { text, .. } => {
            Some(format!("its plane could not say what became of it: {text}; a person must look"))
        }
        Event::ReportIgnored { why, exec_id, .. } => {
            Some(format!("report {exec_id} changed nothing: {why}"))
        }
        _ => None,
    }
}

fn corrected(correction: &Correction) -> String {
    let (before, after) = (&correction.before, &correction.after);
    let beside = if correction.is_open {
        "its outcome will have it in"
    } else {
        "the outcome stays as it was given, the position is put right"
    };
    let qty = words::quantity(before.qty);
    if correction.is_bust() {
        return format!("the executor busted fill {} of {qty}; {beside}", correction.of);
    }
    let px = after.px.map(|px| format!(" at {px}")).unwrap_or_default();
    format!(
        "the executor corrected fill {} from {qty} to {}{px}; {beside}",
        correction.of,
        words::quantity(after.qty)
    )
}

fn changed(status: OrderStatus, text: Option<&Text>, input: &Input) -> String {
    let venue = match input {
        Input::Report(report) => match &report.kind {
            ReportKind::Accepted { venue_order_id } => {
                format!(" (the venue calls it {venue_order_id})")
            }
            ReportKind::NotFound => " (the venue does not know it: it never arrived)".to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    };
    let said = text.map(|text| format!(": {text}")).unwrap_or_default();
    match status {
        OrderStatus::New => format!("accepted by the venue, working{venue}"),
        OrderStatus::PartiallyFilled => "working, partly filled".to_owned(),
        status => format!("{}{said}{venue}", ending_word(status).unwrap_or("changed")),
    }
}

/// What an entry's input is, in a few words.
pub(super) fn entry_word(input: &Input) -> &'static str {
    match input {
        Input::AdoptRulebook { .. } => "rules adopted",
        Input::RegisterRun { .. } => "run registered",
        Input::SubmitIntent { .. } => "intent submitted",
        Input::Mark { .. } => "mark",
        Input::Report(_) => "report of the plane",
        Input::EngageKillSwitch { .. } => "halt",
        Input::ReleaseKillSwitch { .. } => "release",
        Input::Resume => "restart",
        Input::Policy(asked) => match **asked {
            PolicyInput::Propose(_) => "rules proposed",
            PolicyInput::Approve(_) => "rules approved",
            PolicyInput::Withdraw(_) => "rules withdrawn",
        },
        Input::Incident(_) => "incident",
        Input::Tick => "time passed",
        Input::Restrain { .. } => "trading held back",
        Input::LiftRestraint { .. } => "restraint lifted",
        Input::Flow(input) => match **input {
            FlowInput::VenueHealth { .. } => "health of a venue",
            FlowInput::Reenable { .. } => "strategy enabled again",
        },
        Input::Approval(_) => "approval",
        Input::Session(_) => "session",
        Input::Deployment(_) => "deployment",
        Input::Statement(_) => "ledger of an executor",
        Input::Started { .. } => "program started",
    }
}
