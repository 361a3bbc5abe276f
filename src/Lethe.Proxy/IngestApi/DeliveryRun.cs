using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Recording;

namespace Lethe.Proxy.IngestApi;

/// <summary>
/// Hands over one payload after another, and takes the results in the same order. A bounded window of them is on its way at a time, so that the store
/// commits many at once.
/// </summary>
/// <param name="untilJournal">True where the journal's sync is all that is waited for.</param>
/// <param name="isDry">True where it is only told what would become of them.</param>
internal sealed class DeliveryRun(ProducedCalls calls, StoreReader reader, string org, bool untilJournal, CancellationToken gone, bool isDry = false)
{
    private const int WindowMax = 256;
    private const long WindowBytesMax = 16 * 1024 * 1024;

    private readonly Queue<(int Line, HandedOver Handed, long Bytes)> window = new();
    private readonly List<ItemResult> early = [];
    private long windowBytes;

    public List<ItemResult> Results { get; } = [];

    /// <summary>True once the journal or the store refused: of what was not told by then nothing is claimed.</summary>
    public bool IsRefused { get; private set; }

    public async Task AddAsync(int line, Reading reading)
    {
        if (reading.Refusal is { } refusal)
        {
            early.Add(new ItemResult(line, ItemResult.Rejected, refusal.Code, Detail: refusal.Detail));
            Settle();
            return;
        }

        if (Foreseen(line, reading) is { } foreseen)
        {
            early.Add(foreseen);
            Settle();
            return;
        }

        var bytes = reading.Bytes;
        while (!IsRefused && window.Count > 0 && (window.Count >= WindowMax || windowBytes + bytes > WindowBytesMax))
        {
            await TakeAsync();
        }

        if (IsRefused || (reading.Shipped is { } shipped ? calls.HandOver(shipped) : calls.HandOver(reading.Call!)) is not { } handed)
        {
            IsRefused = true;
            return;
        }

        window.Enqueue((line, handed, bytes));
        windowBytes += bytes;
    }

    /// <summary>Waits for all that is on its way.</summary>
    public async Task FinishAsync()
    {
        while (!IsRefused && window.Count > 0)
        {
            await TakeAsync();
        }

        Settle();
    }

    // What is imported again is not written down again. Of what only would be taken no more is known than its key.
    private ItemResult? Foreseen(int line, Reading reading)
    {
        var imported = reading.Shipped is { } shipped && ProducedKind.Of(shipped) == ProducedKind.Imported ? shipped : null;
        if (imported is null && !isDry)
        {
            return null;
        }

        var key = reading.Shipped is { } call ? ExchangeDelivery.KeyOf(call) : reading.Call!.Head.CommitKey;
        return (key is not null && reader.IsKnown(org, key, imported?.Attributes.GetValueOrDefault(ProducedKind.AnswerAttribute))) || IsHeard(imported)
            ? new ItemResult(line, ItemResult.Duplicate, StoreFault.Duplicate, Replayed: true)
            : isDry ? new ItemResult(line, ItemResult.Accepted, "dry_run") : null;
    }

    // A door has heard what a transcript tells without an id.
    private bool IsHeard(CapturedExchange? imported) =>
        imported is not null && !imported.Attributes.ContainsKey(ProducedKind.AnswerAttribute) && UnnamedCall.Of(imported)?.HeardIn(reader, org) is not null;

    private async Task TakeAsync()
    {
        var (line, handed, bytes) = window.Peek();
        var result = untilJournal ? await KeptAsync(line, handed) : await CommittedAsync(line, handed);
        if (result is null)
        {
            IsRefused = true;
            return;
        }

        window.Dequeue();
        windowBytes -= bytes;
        Settle(before: line);
        Results.Add(result);
        Settle();
    }

    private async Task<ItemResult?> KeptAsync(int line, HandedOver handed) =>
        await calls.KeptAsync(handed, gone) ? new ItemResult(line, ItemResult.Journaled, null, handed.Id.ToString()) : null;

    private async Task<ItemResult?> CommittedAsync(int line, HandedOver handed)
    {
        if (await calls.CommittedAsync(handed, gone) is not { } result)
        {
            return null;
        }

        var exchange = result.ExchangeId.ToString();
        return result.Verdict switch
        {
            DeliveryVerdict.Accepted => new ItemResult(line, ItemResult.Accepted, result.Code, exchange, result.SessionId),
            DeliveryVerdict.Duplicate => new ItemResult(line, ItemResult.Duplicate, result.Code, exchange, result.SessionId ?? reader.Exchange(org, exchange)?.Session?.Id, Replayed: true),
            DeliveryVerdict.Conflict => new ItemResult(line, ItemResult.Conflict, result.Code, exchange),
            _ => new ItemResult(line, ItemResult.Rejected, result.Code),
        };
    }

    // What was refused before it was handed over is told at its place.
    private void Settle(int before = int.MaxValue)
    {
        var next = window.Count > 0 ? Math.Min(window.Peek().Line, before) : before;
        var ready = early.TakeWhile(result => result.Line < next).ToList();
        Results.AddRange(ready);
        early.RemoveRange(0, ready.Count);
    }
}
