using System.Data.Common;

namespace Lethe.Ingest.Reading;

/// <summary>
/// A store as readers see it: connections to it, and how it names what they look for. The views that are read have the same columns in every store.
/// </summary>
internal interface IReadConnections : IDisposable
{
    /// <summary>A connection that sees what is committed; any thread may ask.</summary>
    /// <exception cref="Meaning.StoreRefusedException">The store is not there, or is of another kind or version.</exception>
    ReadConnection Open();

    /// <summary>The organisation as rows name it; null when the store has nothing of it.</summary>
    object? Org(DbConnection connection, string orgId);

    /// <summary>The ids of all organisations.</summary>
    IReadOnlyList<string> Orgs(DbConnection connection);

    /// <summary>An exchange's id as rows hold it.</summary>
    object ExchangeId(Guid id);

    /// <summary>As <see cref="ExchangeId"/>, many at once.</summary>
    object ExchangeIds(IEnumerable<Guid> ids);

    /// <summary>A session's id as rows hold it.</summary>
    object SessionId(Guid id);

    /// <summary>As <see cref="SessionId"/>, many at once.</summary>
    object SessionIds(IEnumerable<Guid> ids);

    /// <summary>The condition that a column is one of a parameter's values.</summary>
    string IsAmong(string column, string parameter);

    /// <summary>A column by which rows are told apart and never looked for, where another condition says which they are.</summary>
    string Unsought(string column);

    /// <summary>The first and the last session id that begin with these letters of a UUID (lower-case, with hyphens).</summary>
    (object First, object Last) SessionIdsFrom(string prefix);

    /// <summary>
    /// The numbers of the documents (<see cref="SearchCursor.Document"/>), from the first to the last, that hold a query's words and pieces of code by the search
    /// index, newest commit first. They are looked up as they are taken.
    /// </summary>
    IEnumerable<long> Documents(StoreMoment at, SearchQuery query, long first, long last);

    /// <summary>Messages of sessions; what is not there is left out.</summary>
    IReadOnlyList<(Guid Session, MessageRow Message)> Messages(StoreMoment at, IReadOnlyCollection<(Guid Session, byte[] Hash)> wanted);

    /// <summary>The system prompts, by their hash, of the calls before these in their sessions; what has none before it is left out.</summary>
    IReadOnlyDictionary<Guid, byte[]> SystemsBefore(StoreMoment at, IReadOnlyCollection<ExchangeRow> rows);

    /// <summary>Begins a transaction that sees one moment.</summary>
    DbTransaction BeginSnapshot(DbConnection connection);
}

/// <summary>A connection for one reading; goes back when it is disposed.</summary>
internal sealed class ReadConnection(DbConnection connection, Action<DbConnection> giveBack) : IDisposable
{
    public DbConnection Db { get; } = connection;

    public void Dispose() => giveBack(Db);
}
