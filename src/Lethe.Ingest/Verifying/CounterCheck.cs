using System.Data.Common;
using Dapper;

namespace Lethe.Ingest.Verifying;

/// <summary>Sums every session's exchanges anew and compares with its counters and times.</summary>
internal static class CounterCheck
{
    public static IEnumerable<VerifyFault> Run(ICheckedStore store, DbConnection connection) =>
        StorePieces.Check(store, connection, "sessions", CheckQuery.SessionsAtOnce, (at, piece) =>
        {
            var sums = at.Query(store.SummedCounters, piece).Cast<IDictionary<string, object?>>();
            return at.Query(store.KeptCounters, piece).Cast<IDictionary<string, object?>>().Zip(sums, Compare).SelectMany(faults => faults);
        });

    private static IEnumerable<VerifyFault> Compare(IDictionary<string, object?> kept, IDictionary<string, object?> sums) => kept
        .Where(counter => !Equals(counter.Value, sums[counter.Key]))
        .Select(counter => new VerifyFault(
            VerifyFaultKind.Counter,
            $"{kept["session_id"]}",
            $"{counter.Key} is {counter.Value ?? "null"}, the sum is {sums[counter.Key] ?? "null"}",
            counter.Key));
}
