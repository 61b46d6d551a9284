//! What the gates of order flow compared, in plain words with units.

use super::gates::plain as figure;
use fillwright_kernel::{Figures, Gate};

/// Whether a gate looks at the flow of orders.
pub(super) fn tells(gate: Gate) -> bool {
    !plain(gate).is_empty()
}

/// What such a gate looks at where it compared no figures.
pub(super) fn plain(gate: Gate) -> &'static str {
    match gate {
        Gate::RestrictedList => "the instrument is not on the restricted list",
        Gate::Permission => "the strategy may trade this instrument at this venue",
        Gate::VenueHealth => "the venue is in a state to trade",
        Gate::RepeatThrottle => "the throttle has not disabled the strategy",
        Gate::OrderTypePolicy => "this type of order is allowed here",
        Gate::SlippageBudget => "costs no more against the mid than it may",
        Gate::Participation => "the policy states no rate to hold it against",
        Gate::Route => "a route leads to the venue on a connection that takes it",
        Gate::PriceCollar => "the price lies near its reference",
        Gate::SelfMatch => "no order of our own is at work on the other side",
        Gate::DuplicateWindow => "no order like it was released a moment ago",
        Gate::MessageRate => "messages are left to send",
        _ => "",
    }
}

/// The figures such a gate compared.
pub(super) fn compared(gate: Gate, of: Figures) -> String {
    let (asked, limit) = (figure(of.asked), figure(of.limit));
    match gate {
        Gate::RepeatThrottle => format!("execution {asked} of at most {limit} in the window"),
        Gate::SlippageBudget => format!("costs {asked} of at most {limit} bps against the mid"),
        Gate::Participation => format!("{asked} of at most {limit} units of the market's volume"),
        Gate::PriceCollar => {
            format!("the price lies {asked} bps from its reference, of at most {limit}")
        }
        Gate::SelfMatch => format!("at {asked}, and our best on the other side is {limit}"),
        Gate::DuplicateWindow => format!("its twin is {asked} ms old, in a window of {limit} ms"),
        Gate::MessageRate => format!("needs {asked} of {limit} messages left"),
        _ => plain(gate).to_owned(),
    }
}

/// The unit of such a gate's figures.
pub(super) fn unit(gate: Gate) -> &'static str {
    match gate {
        Gate::RepeatThrottle => "executions",
        Gate::SlippageBudget | Gate::PriceCollar => "bps",
        Gate::Participation => "units",
        Gate::DuplicateWindow => "ms",
        Gate::MessageRate => "messages",
        _ => "quote currency",
    }
}
