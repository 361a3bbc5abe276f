using System.Data.Common;
using Dapper;
using Lethe.Ingest.Meaning;

namespace Lethe.Ingest.Verifying;

/// <summary>Looks for every fault of a store, alone and against its journal, and tells each as it is found; changes nothing.</summary>
public sealed class StoreVerifier : IDisposable
{
    private readonly ICheckedStore store;

    /// <param name="store">Is let go with this.</param>
    internal StoreVerifier(ICheckedStore store) => this.store = store;

    /// <summary>Everything that is off inside the store; nothing when it is sound. The store may be written meanwhile.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be asked.</exception>
    public IEnumerable<VerifyFault> Verify()
    {
        using var connection = Open();
        Func<DbConnection, IEnumerable<VerifyFault>>[] checks =
        [
            store.OwnFaults, Invariants, at => CounterCheck.Run(store, at), at => AttemptCheck.Run(store, at), at => FigureCheck.Run(store, at),
        ];
        foreach (var fault in checks.SelectMany(check => Run(check, connection.Db)))
        {
            yield return fault;
        }
    }

    /// <summary>Begins a check of the store against a journal, which is to be read after.</summary>
    /// <exception cref="StoreUnavailableException">It cannot be asked.</exception>
    public JournalCheck Against(string journalDirectory)
    {
        try
        {
            return new JournalCheck(store, journalDirectory);
        }
        catch (DbException fault) when (!store.IsDamage(fault))
        {
            throw new StoreUnavailableException(fault.Message, fault);
        }
    }

    public void Dispose() => store.Dispose();

    private Reading.ReadConnection Open()
    {
        try
        {
            return store.Open();
        }
        catch (DbException fault) when (!store.IsDamage(fault))
        {
            throw new StoreUnavailableException(fault.Message, fault);
        }
    }

    // A page that cannot be read fails the checks that need it, and only those.
    private IEnumerable<VerifyFault> Run(Func<DbConnection, IEnumerable<VerifyFault>> check, DbConnection connection)
    {
        using var faults = check(connection).GetEnumerator();
        while (Next(faults, out var isLast) is { } fault)
        {
            yield return fault;
            if (isLast)
            {
                yield break;
            }
        }
    }

    private VerifyFault? Next(IEnumerator<VerifyFault> faults, out bool isLast)
    {
        isLast = false;
        try
        {
            return faults.MoveNext() ? faults.Current : null;
        }
        catch (DbException unreadable) when (store.IsDamage(unreadable))
        {
            isLast = true;
            return new VerifyFault(VerifyFaultKind.Integrity, "store", unreadable.Message);
        }
        catch (DbException fault)
        {
            throw new StoreUnavailableException(fault.Message, fault);
        }
    }

    private IEnumerable<VerifyFault> Invariants(DbConnection connection) => store.Invariants.SelectMany(check => StorePieces.Check(
        store,
        connection,
        check.Table,
        check.Step,
        (at, piece) => at
            .Query<(string Subject, string Detail)>(check.Sql, piece)
            .Select(row => new VerifyFault(check.Kind, row.Subject, row.Detail))));
}
