using System.Data.Common;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;

namespace Lethe.Ingest.Verifying;

/// <summary>A store as its checks see it. What is asked is the same of every store; the SQL is its own, with the same columns.</summary>
internal interface ICheckedStore : IReadConnections
{
    /// <summary>What the database itself finds wrong with its rows.</summary>
    IEnumerable<VerifyFault> OwnFaults(DbConnection connection);

    /// <summary>True when the fault is a damage of the store, false when it cannot be asked.</summary>
    bool IsDamage(DbException fault);

    /// <summary>
    /// A table in pieces of so many rows, by its key: parameters of the queries below. Each is read in a snapshot of its own that is let go at once, so
    /// that neither memory nor what the database keeps for a snapshot grows with the store.
    /// </summary>
    IEnumerable<object> Pieces(DbConnection connection, string table, int step);

    /// <summary>Those whose groups of equal requests are read apart: the parameter <c>@org</c> of <see cref="EqualRequests"/>.</summary>
    IReadOnlyList<object> Owners(DbConnection connection);

    /// <summary>How far the order of commits has come in each organisation.</summary>
    IEnumerable<(string OrgId, long Last)> LastCommits(DbConnection connection);

    /// <summary>True where another recorder has taken words or records out of the store and left it to this one to erase the words at this place of its journal.</summary>
    bool IsToBeErased(DbConnection connection, JournalPosition at);

    /// <summary>The invariants that SQL can tell: a row a fault, what it is about and what is wrong.</summary>
    IReadOnlyList<CheckQuery> Invariants { get; }

    /// <summary>Of a piece of the sessions: their counters and times.</summary>
    string KeptCounters { get; }

    /// <summary>The same, summed anew, in the same order.</summary>
    string SummedCounters { get; }

    /// <summary>Of a piece of the exchanges: those without equals that are not numbered as one alone is.</summary>
    string LoneFaults { get; }

    /// <summary>Tries from a key on, in the order of keys, owners and times.</summary>
    string EqualRequests { get; }

    /// <summary>How many rows came out of each segment of <c>@journal</c>; of every journal where the store has one alone.</summary>
    string Places { get; }

    /// <summary>Of a piece of the exchanges: those that came out of <c>@journal</c>, with their places.</summary>
    string Placed { get; }
}

/// <param name="Table">What it is asked of, piece by piece.</param>
/// <param name="Step">So many rows a piece.</param>
internal sealed record CheckQuery(VerifyFaultKind Kind, string Table, int Step, string Sql)
{
    public const int RowsAtOnce = 20_000;

    /// <summary>A session has thousands of messages.</summary>
    public const int SessionsAtOnce = 200;
}
