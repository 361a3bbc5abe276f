using Lethe.Capture.Exchanges;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.Reading;

/// <summary>An exchange as it was journalled, or why it cannot be had.</summary>
/// <param name="Code"><c>content_erased</c>, <c>content_expired</c>, <c>content_not_kept</c>, <c>content_damaged</c>; null with an exchange.</param>
internal sealed record KeptExchange(CapturedExchange? Exchange, string? Code, string? Why);

/// <summary>What was said, out of the journal.</summary>
internal sealed class KeptBodies(StoreReader reader, LetheOptions options)
{
    public KeptExchange Find(string org, ExchangeRecord record)
    {
        if (record.Content is "expired" or "erased")
        {
            return Gone(record.Content);
        }

        if (reader.BodyAt(org, record.ExchangeId) is not { } at)
        {
            return new KeptExchange(null, "content_not_kept", "What was said was never kept.");
        }

        using var journal = new JournalBodies(DataLayout.Journal(options.DataDirectory));
        var found = journal.TryRead(at, out var state);
        return found?.Id.ToString() == record.ExchangeId ? new KeptExchange(found, null, null) : state switch
        {
            BodyState.Erased => Gone("erased"),
            BodyState.Damaged => new KeptExchange(null, "content_damaged", "The journal is damaged there."),
            // Its segment has left, or the journal was begun anew.
            _ => Gone("expired"),
        };
    }

    private static KeptExchange Gone(string content) =>
        new(null, "content_" + content, content == "erased" ? "What was said was erased." : "What was said is no longer kept.");
}
