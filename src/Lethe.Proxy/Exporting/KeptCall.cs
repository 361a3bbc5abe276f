using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Exporting;

/// <summary>A record with its call as the journal keeps it.</summary>
/// <param name="Call">Null where it is held no longer.</param>
/// <param name="Why">Why not: <c>erased</c>, <c>expired</c>, <c>damaged</c> or <c>never kept</c>; null with a call.</param>
internal sealed record KeptCall(ExchangeRecord Record, CapturedExchange? Call, string? Why)
{
    public static IEnumerable<KeptCall> Of(IEnumerable<(ExchangeRecord Record, JournalPosition? BodyAt)> rows, JournalBodies journal) =>
        rows.Select(row => Find(row.Record, row.BodyAt, journal));

    private static KeptCall Find(ExchangeRecord record, JournalPosition? bodyAt, JournalBodies journal)
    {
        if (bodyAt is not { } at)
        {
            return new KeptCall(record, null, record.Content is "erased" or "expired" ? record.Content : "never kept");
        }

        var found = journal.TryRead(at, out var state);
        // In a journal that was begun anew another exchange may stand there.
        return found?.Id.ToString() == record.ExchangeId ? new KeptCall(record, found, null)
            : new KeptCall(record, null, state switch
            {
                BodyState.Damaged => "damaged",
                BodyState.Erased => "erased",
                _ => record.Content == "erased" ? "erased" : "expired",
            });
    }
}
