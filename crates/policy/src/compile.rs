//! From documents to a rulebook: every document strict, every reference checked, every error with its place.

use crate::calendar::CalendarDocument;
use crate::check;
use crate::documents::{
    ApprovalsDocument, BooksDocument, ExecutionPoliciesDocument, GroupsDocument, HomeDocument,
    LanesDocument, PeopleDocument, RegimeDocument, RiskEnvelopeDocument, StrategiesDocument,
    VenueLimitsRow, VenuesDocument,
};
use crate::{
    DocumentError, Hours, IncidentRules, Lanes, ReconciliationPolicy, RoutePolicy, Rulebook,
    SessionDefinition,
};
use fillwright_domain::{BrokerId, CalendarId, Instrument, InstrumentId};
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};

/// The documents as they were read: file name (as people should see it) and bytes.
#[derive(Debug, Clone, Default)]
pub struct Documents {
    /// `config/fillwright.json`.
    pub home: (String, Vec<u8>),
    /// `config/venues.json`.
    pub venues: (String, Vec<u8>),
    /// `config/venue_limits.csv`.
    pub venue_limits: (String, Vec<u8>),
    /// `config/strategies.json`.
    pub strategies: (String, Vec<u8>),
    /// `config/books.json`.
    pub books: (String, Vec<u8>),
    /// `config/groups.json`.
    pub groups: (String, Vec<u8>),
    /// `config/people.json`.
    pub people: (String, Vec<u8>),
    /// `config/policies/risk_envelope.json`.
    pub risk_envelope: (String, Vec<u8>),
    /// `config/policies/execution_policies.json`.
    pub execution_policies: (String, Vec<u8>),
    /// `config/policies/operator_bounds.json`, where there is one.
    pub operator_bounds: Option<(String, Vec<u8>)>,
    /// `config/policies/incident_rules.json`, where there is one.
    pub incident_rules: Option<(String, Vec<u8>)>,
    /// `config/policies/dra_decision_tables.json`, where there is one.
    pub decision_tables: Option<(String, Vec<u8>)>,
    /// `config/lanes.json`; absent, there are none.
    pub lanes: Option<(String, Vec<u8>)>,
    /// `config/policies/approvals.json`; absent, nothing can be approved.
    pub approvals: Option<(String, Vec<u8>)>,
    /// `config/policies/regime.json`; absent, no regime is ever known.
    pub regime: Option<(String, Vec<u8>)>,
    /// `config/policies/route_profiles.json`; absent, no order goes anywhere.
    pub route_profiles: Option<(String, Vec<u8>)>,
    /// `config/policies/execution_routes.json`, which every environment but `live` goes by.
    pub execution_routes: Option<(String, Vec<u8>)>,
    /// `config/policies/execution_routes_live.json`, which `live` goes by.
    pub execution_routes_live: Option<(String, Vec<u8>)>,
    /// The connections there are: `config/brokers/NAME.json`.
    pub brokers: BTreeSet<BrokerId>,
    /// `config/policies/reconciliation.json`, where there is one.
    pub reconciliation: Option<(String, Vec<u8>)>,
    /// `config/calendars/NAME.json`, by name.
    pub calendars: BTreeMap<CalendarId, (String, Vec<u8>)>,
}

/// Compiles documents into the rulebook they describe.
///
/// # Errors
///
/// The first thing that [`compile_all`] finds wrong.
pub fn compile(documents: &Documents) -> Result<Rulebook, DocumentError> {
    compile_all(documents).map_err(|mut found| found.swap_remove(0))
}

/// As [`compile`], telling everything that is wrong at once.
///
/// # Errors
///
/// Every document that cannot be read; where all can, everything in which they do not fit together. Never empty.
pub fn compile_all(documents: &Documents) -> Result<Rulebook, Vec<DocumentError>> {
    let mut found = Vec::new();
    let (mut rulebook, rows) = read(documents, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    rulebook.instruments = instruments(&documents.venue_limits.0, rows, &rulebook, &mut found);
    found.extend(check::everything(&rulebook, documents));
    if found.is_empty() { Ok(rulebook) } else { Err(found) }
}

/// Reads every document by itself. The rulebook makes sense only where nothing was found.
fn read(documents: &Documents, found: &mut Vec<DocumentError>) -> (Rulebook, Vec<VenueLimitsRow>) {
    let home: HomeDocument = or_noted(json(&documents.home), found);
    let venues: VenuesDocument = or_noted(json(&documents.venues), found);
    let rows = rows(&documents.venue_limits, found);
    let strategies: StrategiesDocument = or_noted(json(&documents.strategies), found);
    let books: BooksDocument = or_noted(json(&documents.books), found);
    let people: PeopleDocument = or_noted(json(&documents.people), found);
    let groups: GroupsDocument = or_noted(json(&documents.groups), found);
    let envelope: RiskEnvelopeDocument = or_noted(json(&documents.risk_envelope), found);
    let execution: ExecutionPoliciesDocument = or_noted(json(&documents.execution_policies), found);
    let lanes: Option<LanesDocument> = or_noted(optional(documents.lanes.as_ref()), found);
    let lanes = lanes.unwrap_or_default();
    let approvals: Option<ApprovalsDocument> =
        or_noted(optional(documents.approvals.as_ref()), found);
    let regime: Option<RegimeDocument> = or_noted(optional(documents.regime.as_ref()), found);
    let routes = routes(documents, home.environment.as_str(), found);
    let rulebook = Rulebook {
        version: home.version,
        partition: home.partition,
        environment: home.environment,
        venues: venues.venues,
        instruments: BTreeMap::new(),
        strategies: strategies.strategies,
        books: books.books,
        calendars: calendars(documents, found),
        execution: execution.execution(),
        people: people.people,
        envelope,
        bounds: or_noted(optional(documents.operator_bounds.as_ref()), found),
        incident_rules: or_noted(incident_rules(documents), found),
        decisions: or_noted(optional(documents.decision_tables.as_ref()), found),
        groups: groups.instruments,
        flow: execution.flow,
        approvals: approvals.unwrap_or_default().approvals,
        lanes: Lanes {
            sessions_waived: !home.sessions_required,
            lanes: lanes.lanes,
            models: lanes.models,
        },
        regime: regime.unwrap_or_default().regime_parity,
        builds: home.builds,
        routes,
        reconciliation: or_noted(reconciliation(documents), found),
    };
    (rulebook, rows)
}

/// The logical routes with what they stand for in this environment; nothing unless both are written down. Those of the
/// other environments are read as well, so that a mistake in them is found before they are needed.
fn routes(
    documents: &Documents,
    environment: &str,
    found: &mut Vec<DocumentError>,
) -> Option<RoutePolicy> {
    let profiles = or_noted(optional(documents.route_profiles.as_ref()), found);
    let elsewhere = or_noted(optional(documents.execution_routes.as_ref()), found);
    let live = or_noted(optional(documents.execution_routes_live.as_ref()), found);
    let routes = if environment == "live" { live } else { elsewhere };
    Some(RoutePolicy { profiles: profiles?, routes: routes? })
}

/// What was read; where it could not be, the reason is noted.
fn or_noted<T: Default>(read: Result<T, DocumentError>, found: &mut Vec<DocumentError>) -> T {
    read.unwrap_or_else(|error| {
        found.push(error);
        T::default()
    })
}

pub(crate) fn json<T: DeserializeOwned>(
    (file, bytes): &(String, Vec<u8>),
) -> Result<T, DocumentError> {
    serde_json::from_slice(bytes)
        .map_err(|source| DocumentError::Json { file: file.clone(), source })
}

fn optional<T: DeserializeOwned>(
    document: Option<&(String, Vec<u8>)>,
) -> Result<Option<T>, DocumentError> {
    document.map(json).transpose()
}

fn rows((file, bytes): &(String, Vec<u8>), found: &mut Vec<DocumentError>) -> Vec<VenueLimitsRow> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let mut rows = Vec::new();
    for row in reader.deserialize() {
        match row {
            Ok(row) => rows.push(row),
            Err(source) => found.push(DocumentError::Csv { file: file.clone(), source }),
        }
    }
    rows
}

fn calendars(documents: &Documents, found: &mut Vec<DocumentError>) -> BTreeMap<CalendarId, Hours> {
    let mut calendars = BTreeMap::new();
    for (name, document) in &documents.calendars {
        match calendar(document) {
            Ok(hours) => {
                calendars.insert(name.clone(), hours);
            }
            Err(error) => found.push(error),
        }
    }
    calendars
}

fn calendar(document: &(String, Vec<u8>)) -> Result<Hours, DocumentError> {
    let calendar: CalendarDocument = json(document)?;
    let hours = calendar.compile();
    hours.map_err(|source| DocumentError::Calendar { file: document.0.clone(), source })
}

/// Reads a session document (`config/live_trading/session_NAME.json`, `config/paper_trading/session_NAME.json`).
///
/// # Errors
///
/// Where it is not the JSON that was expected.
pub fn session(document: &(String, Vec<u8>)) -> Result<SessionDefinition, DocumentError> {
    json(document)
}

/// The home's own rules, or the standard ones.
fn incident_rules(documents: &Documents) -> Result<IncidentRules, DocumentError> {
    documents.incident_rules.as_ref().map_or_else(|| Ok(IncidentRules::standard()), json)
}

/// The home's own rule, or the standard one.
fn reconciliation(documents: &Documents) -> Result<ReconciliationPolicy, DocumentError> {
    documents.reconciliation.as_ref().map_or_else(|| Ok(ReconciliationPolicy::standard()), json)
}

/// The instruments of the table, each with the calendar of its venue where it names none.
fn instruments(
    file: &str,
    rows: Vec<VenueLimitsRow>,
    rulebook: &Rulebook,
    found: &mut Vec<DocumentError>,
) -> BTreeMap<InstrumentId, Instrument> {
    let mut instruments = BTreeMap::new();
    for (index, row) in rows.into_iter().enumerate() {
        let instrument = instrument(row, rulebook);
        let instrument_id = instrument.instrument_id.clone();
        if instruments.insert(instrument_id.clone(), instrument).is_some() {
            let (file, row) = (file.to_owned(), index + 1);
            found.push(DocumentError::Repeated { file, row, instrument_id });
        }
    }
    instruments
}

fn instrument(row: VenueLimitsRow, rulebook: &Rulebook) -> Instrument {
    let venue = rulebook.venues.get(&row.venue);
    Instrument {
        instrument_id: InstrumentId::of(row.venue.as_str(), &row.symbol),
        calendar: row
            .calendar
            .or_else(|| venue.map(|venue| venue.calendar.clone()))
            .unwrap_or_default(),
        venue: row.venue,
        lot_size: row.lot_size,
        step_size: row.step_size,
        tick_size: row.tick_size,
        min_notional: row.min_notional,
        contract_size: row.contract_size,
        maker_fee: row.maker_fee,
        taker_fee: row.taker_fee,
        max_qty: row.max_qty,
        enabled: row.enabled.unwrap_or(true),
        updated_at: row.updated_at,
    }
}
