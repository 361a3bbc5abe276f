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
internal sealed class DeliveryRun(ProducedCalls calls, StoreReader reader, string org, bool untilJournal, CancellationToken gone, bool isDry = false) : IDisposable
{
    // The more calls share a commit, the fewer pages of the store's indexes each of them costs.
    private const int WindowMax = 2048;
    private const long WindowBytesMax = 16 * 1024 * 1024;
    private const int AheadMax = 128;
    private const long AheadBytesMax = 4 * 1024 * 1024;

    private readonly KnownBefore before = new(reader, org, isDry);
    private readonly List<(int Line, Reading Reading)> ahead = [];
    private readonly Queue<(int Line, HandedOver Handed, long Bytes)> window = new();
    private readonly List<ItemResult> early = [];
    private long windowBytes;
    private long aheadBytes;

    public List<ItemResult> Results { get; } = [];

    /// <summary>True once the journal or the store refused: of what was not told by then nothing is claimed.</summary>
    public bool IsRefused { get; private set; }

    public async Task AddAsync(int line, Reading reading)
    {
        if (ahead.Count == 0 && !before.Concerns(reading))
        {
            await HandOverAsync(line, reading);
            return;
        }

        ahead.Add((line, reading));
        aheadBytes += reading.Bytes;
        if (ahead.Count >= AheadMax || aheadBytes > AheadBytesMax)
        {
            await LookAheadAsync();
        }
    }

    // What is known of many is asked for at once.
    private async Task LookAheadAsync()
    {
        var foreseen = before.Of([.. ahead.Select(one => one.Reading)]);
        for (var i = 0; i < foreseen.Count && !IsRefused; i++)
        {
            var (line, reading) = ahead[i];
            if (foreseen[i] is { } known)
            {
                Tell(known with { Line = line });
            }
            else
            {
                await HandOverAsync(line, reading);
            }
        }

        ahead.Clear();
        aheadBytes = 0;
    }

    private async Task HandOverAsync(int line, Reading reading)
    {
        if (reading.Refusal is { } refusal)
        {
            Tell(new ItemResult(line, ItemResult.Rejected, refusal.Code, Detail: refusal.Detail));
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
        await LookAheadAsync();
        while (!IsRefused && window.Count > 0)
        {
            await TakeAsync();
        }

        Settle();
    }

    /// <summary>What is still on its way is waited for by nobody.</summary>
    public void Dispose()
    {
        while (window.TryDequeue(out var left))
        {
            calls.Forget(left.Handed);
        }
    }

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
        Settle(end: line);
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
            DeliveryVerdict.Duplicate => new ItemResult(line, ItemResult.Duplicate, result.Code, exchange, result.SessionId ?? reader.Place(org, exchange)?.SessionId, Replayed: true),
            DeliveryVerdict.Conflict => new ItemResult(line, ItemResult.Conflict, result.Code, exchange),
            _ => new ItemResult(line, ItemResult.Rejected, result.Code),
        };
    }

    // What is not handed over is told at its place.
    private void Tell(ItemResult result)
    {
        early.Add(result);
        Settle();
    }

    private void Settle(int end = int.MaxValue)
    {
        if (early.Count == 0)
        {
            return;
        }

        var next = window.Count > 0 ? Math.Min(window.Peek().Line, end) : end;
        var ready = early.TakeWhile(result => result.Line < next).ToList();
        Results.AddRange(ready);
        early.RemoveRange(0, ready.Count);
    }
}
