using Dapper;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Reading;

/// <summary>
/// Reads a store, while or after it is written; never changes it. Any thread may call. Every call that tells of records names the organisation that it reads
/// for, and sees nothing of another.
/// </summary>
public sealed class StoreReader : IDisposable
{
    private readonly IReadConnections connections;

    internal StoreReader(IReadConnections connections)
    {
        StoredId.Register();
        this.connections = connections;
    }

    /// <summary>The ids of all organisations that it holds records of.</summary>
    public IReadOnlyList<string> Organisations()
    {
        using var connection = connections.Open();
        return connections.Orgs(connection.Db);
    }

    /// <summary>Streams records in the order of export, <c>(captured_at, exchange_id)</c>, or backwards: those that are there when it begins, page by page.</summary>
    public IEnumerable<ExchangeRecord> Exchanges(string org, ExchangeFilter filter) => ExchangesWithBodies(org, filter).Select(row => row.Record);

    /// <summary>As <see cref="Exchanges"/>, each with the place of its body in the journal; null when it came without one.</summary>
    public IEnumerable<(ExchangeRecord Record, JournalPosition? BodyAt)> ExchangesWithBodies(string org, ExchangeFilter filter) =>
        ExchangeQueries.List(connections, org, filter).Select(row => (ExchangeRows.ToRecord(row), ExchangeRows.BodyAt(row)));

    public ExchangeRecord? Exchange(string org, string exchangeId) =>
        Guid.TryParse(exchangeId, out var id) && ExchangeQueries.Find(connections, org, id) is { } row ? ExchangeRows.ToRecord(row) : null;

    /// <summary>Where an exchange was stored; null when there is none.</summary>
    public StoredPlace? Place(string org, string exchangeId) => Guid.TryParse(exchangeId, out var id) ? KnownQueries.Place(connections, org, id) : null;

    /// <summary>Where the exchange's bodies are in the journal; null when it is not there, or came without a journal.</summary>
    public JournalPosition? BodyAt(string org, string exchangeId) =>
        Guid.TryParse(exchangeId, out var id) && ExchangeQueries.Find(connections, org, id) is { } row ? ExchangeRows.BodyAt(row) : null;

    /// <summary>All tries of the call that this exchange is one of, earliest first, and what they cost together; null when there is no such exchange.</summary>
    public CallAttempts? Attempts(string org, string exchangeId) =>
        Guid.TryParse(exchangeId, out var id) ? ExchangeQueries.Attempts(connections, org, id) : null;

    /// <summary>Of some deliveries those that need not be stored again.</summary>
    /// <param name="answerIds">The vendors' ids of their answers.</param>
    public KnownDeliveries Known(string org, IReadOnlyList<string> keys, IReadOnlyList<string> answerIds) => KnownQueries.Of(connections, org, keys, answerIds);

    /// <summary>The SHA-256 of what the delivery said that was stored under a key, lower-case hex; null when none was.</summary>
    public string? ContentHash(string org, string key) => KnownQueries.ContentHash(connections, org, key);

    /// <summary>How many of the calls the store knows nothing of: neither a record nor that there was one.</summary>
    public int CountUnknown(string org, IReadOnlyCollection<Guid> exchanges) => KnownQueries.CountUnknown(connections, org, exchanges);

    /// <summary>The id that a session has in every store, as <see cref="SessionSummary.SessionId"/> gives it.</summary>
    public static string SessionIdOf(string org, string harnessId, string harnessSessionId) => new SessionKey(org, harnessId, harnessSessionId).ToId().ToString("D");

    /// <summary>The commit order of the newest exchange; 0 when there is none.</summary>
    public long LastChange(string org) => ExchangeQueries.LastChange(connections, org);

    /// <summary>True when somebody who has seen all up to <paramref name="ingested"/> may have missed what is gone by now.</summary>
    public bool IsHistoryGone(string org, long ingested) => ExchangeQueries.IsHistoryGone(connections, org, ingested);

    /// <summary>Exchanges committed after <paramref name="ingested"/>, in the order of commits: what a live tail shows next.</summary>
    public IReadOnlyList<IngestedExchange> CommittedAfter(string org, long ingested, int limit = 1000) =>
        [.. ExchangeQueries.CommittedAfter(connections, org, ingested, limit).Select(row => new IngestedExchange(row.Ingested, ExchangeRows.ToRecord(row)))];

    /// <summary>Newest first by last activity; placeholders, which have none, come last.</summary>
    public IReadOnlyList<SessionSummary> Sessions(string org, SessionFilter filter) => SessionQueries.List(connections, org, filter);

    /// <summary>All that these sessions started, and what those started, in the order in which they were first heard.</summary>
    /// <param name="sessions">As <see cref="SessionSummary.SessionId"/> gives them.</param>
    public IReadOnlyList<SessionSummary> SessionsBelow(string org, IReadOnlyCollection<string> sessions) => SessionQueries.Below(connections, org, sessions);

    /// <summary>What went wrong in each of these sessions, and how it stands, by its id.</summary>
    public IReadOnlyDictionary<string, SessionSigns> Signs(string org, IReadOnlyCollection<SessionSummary> sessions) => SignQueries.Of(connections, org, sessions);

    /// <summary>The tool calls of these sessions whose arguments are known.</summary>
    public IReadOnlyList<AskedTool> AskedTools(string org, IReadOnlyCollection<string> sessions) => SignQueries.AskedTools(connections, org, sessions);

    /// <summary>How many sessions that no other started there are of each harness, directory and model; the most first.</summary>
    public SessionFacets Facets(string org, SessionFilter filter) => FacetQueries.Of(connections, org, filter);

    /// <summary>Which system prompts, or which tools, each harness has sent since a time; the last used first.</summary>
    public IReadOnlyList<PromptUse> PromptUses(string org, PromptPart part, DateTimeOffset? since, string? harnessId) => PromptQueries.Of(connections, org, part, since, harnessId);

    /// <summary>How a tool of this name was used since a time, the last use first.</summary>
    public IReadOnlyList<ToolUse> ToolUses(string org, string name, DateTimeOffset? since, string? harnessId, int limit) => ToolQueries.Of(connections, org, name, since, harnessId, limit);

    /// <summary>One session by its id, a unique prefix of it, or the harness's own session id; null when none or several answer.</summary>
    public SessionDetail? Session(string org, string idOrPrefixOrHarnessSessionId) => SessionQueries.Find(connections, org, idOrPrefixOrHarnessSessionId);

    /// <summary>All that may be meant by such a word, where <see cref="Session"/> finds none or several.</summary>
    public IReadOnlyList<SessionSummary> SessionsMeant(string org, string word, int limit) => SessionQueries.Meant(connections, org, word, limit);

    /// <summary>The session exchange by exchange in capture order; only the turn with that number, and its attempts, when one is given.</summary>
    /// <param name="sessionId">As <see cref="SessionSummary.SessionId"/> gives it.</param>
    public IEnumerable<ConversationTurn> Conversation(string org, string sessionId, int? turn = null) =>
        ConversationQuery.Read(connections, org, sessionId, after: null, turn is { } number ? (number, number) : null);

    /// <summary>The session's exchanges behind one of them, in capture order; messages that were told up to it are not told again.</summary>
    /// <param name="sessionId">As <see cref="SessionSummary.SessionId"/> gives it.</param>
    public IEnumerable<ConversationTurn> ConversationAfter(string org, string sessionId, ExchangeCursor? after) =>
        ConversationQuery.Read(connections, org, sessionId, after, turns: null);

    /// <summary>The turns from one number to another, each with the failed attempts before it; those behind the last turn too where <paramref name="to"/> lies behind it.</summary>
    /// <param name="sessionId">As <see cref="SessionSummary.SessionId"/> gives it.</param>
    public IEnumerable<ConversationTurn> ConversationBetween(string org, string sessionId, int from, int to) => ConversationQuery.Read(connections, org, sessionId, after: null, (from, to));

    /// <summary>A session's tool calls that stand so, in the order in which they were asked for, from behind one on; and where the next page begins.</summary>
    /// <param name="sessionId">As <see cref="SessionSummary.SessionId"/> gives it.</param>
    /// <param name="statuses">Words of <see cref="ToolStatus"/>; none for all.</param>
    public (IReadOnlyList<ToolCallOutcome> Calls, ToolCallCursor? Next) ToolCalls(string org, string sessionId, IReadOnlyCollection<string> statuses, ToolCallCursor? after, int limit) =>
        Guid.TryParse(sessionId, out var session) ? SessionTools.Page(connections, org, session, statuses, after, limit) : ([], null);

    /// <summary>A system prompt or a list of tools by its hash (64 hex), as canonical JSON; null when the organisation has none such.</summary>
    public byte[]? Blob(string org, string hash) => ContentQueries.Blob(connections, org, hash);

    /// <summary>
    /// A message by its address (64 hex); null when the organisation has none such. It is the message as it first came: a session that said the same
    /// otherwise shows its own words in <see cref="Conversation"/>.
    /// </summary>
    public ConversationMessage? Message(string org, string hash) => ContentQueries.Message(connections, org, hash);

    /// <summary>The answer (its vendor's id) that a chain whose first message this is (64 hex) was said upon, where that answer's call is not held; else null.</summary>
    public string? NotHeld(string org, string first) => ContentQueries.NotHeld(connections, org, first);

    /// <summary>
    /// The addresses (64 hex) of all messages up to this one, from the first; none when the organisation has none such. A call that only names the answer it continues
    /// goes on from that answer's messages, as far as they are held.
    /// </summary>
    public IReadOnlyList<string> Chain(string org, string leaf) => ContentQueries.Chain(connections, org, leaf);

    /// <summary>Where something was said, newest first.</summary>
    public SearchPage Search(string org, SearchQuery query, SearchFilter filter) => SearchQueries.Find(connections, org, query, filter);

    /// <summary>What calls cost and how they went, in the order of time, then key.</summary>
    public IReadOnlyList<Figures> Figures(string org, FigureFilter filter) => FigureQueries.Of(connections, org, filter);

    /// <summary>What could not be stored, oldest first; only what answers to a commit key or an exchange id, when one is given.</summary>
    public IReadOnlyList<DeadLetter> DeadLetters(string org, string? key = null) => ContentQueries.DeadLetters(connections, org, key);

    /// <summary>True when the store can be read at this moment.</summary>
    public bool IsReachable()
    {
        try
        {
            using var connection = connections.Open();
            return connection.Db.ExecuteScalar<long>("SELECT 1") == 1;
        }
        catch (Exception fault) when (fault is System.Data.Common.DbException or StoreRefusedException or IOException)
        {
            return false;
        }
    }

    public void Dispose() => connections.Dispose();
}
