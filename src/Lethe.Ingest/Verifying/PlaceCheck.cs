using System.Data.Common;
using Dapper;
using Lethe.Ingest.Journaling;

namespace Lethe.Ingest.Verifying;

/// <summary>
/// Whether the journal can hold what the store was made of, without a look at each exchange: no segment gave the store more exchanges than it holds, but
/// one that the journal itself tells to have left. A journal that is gone, was cut short or was begun anew is told by this.
/// </summary>
internal sealed class PlaceCheck
{
    private readonly IReadOnlyList<(long Segment, long Rows)> stored;

    /// <summary>Begins before the journal is read: what is stored by then is in the journal by then.</summary>
    public PlaceCheck(ICheckedStore store, DbConnection connection, Guid journal) => stored = [.. connection.Query<(long, long)>(store.Places, new { journal })];

    public IEnumerable<VerifyFault> Run(JournalVerification journal) => stored
        .Where(place => place.Segment > journal.LeftTo && place.Rows > journal.ExchangesBySegment.GetValueOrDefault(place.Segment))
        .Select(place => new VerifyFault(
            VerifyFaultKind.Unjournalled,
            $"segment {place.Segment}",
            $"{place.Rows} records of the store were read from it, {journal.ExchangesBySegment.GetValueOrDefault(place.Segment)} exchanges stand in it"));
}
