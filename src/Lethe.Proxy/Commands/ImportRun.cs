using Lethe.Proxy.Importing;
using Lethe.Proxy.IngestApi;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>
/// Brings what files hold to the ingest door, batch after batch: while some are stored the next is read. Of calls several batches are on their way, for each has a key
/// and a time; of lines one, for a turn that is told twice is as it was told last.
/// </summary>
internal sealed class ImportRun(RunningLethe lethe, ImportFiles files, bool isDry, string? org, Progress progress, TextWriter error, CancellationToken cancel)
{
    private const int CallBatchesMax = 3;

    private readonly Queue<Task> pending = new();
    private ImportBatch batch = new();
    private bool arePendingOfCalls;
    private long taken;
    private long known;
    private long conflicts;
    private long rejected;

    public ImportOutcome Outcome => new(isDry, taken, known + files.Repeats, conflicts, rejected, files.PassedOver);

    public async Task TakeAsync(string path)
    {
        progress.Begin(path);
        await foreach (var (file, item) in files.ReadAsync(path, cancel))
        {
            if (item.Fault is { } fault)
            {
                await UntilPendingAsync(0);
                rejected++;
                await error.WriteLineAsync($"{file}:{item.Place}: {fault}");
                continue;
            }

            if (!batch.Takes(item))
            {
                await SendAsync();
            }

            batch.Add(file, item);
        }

        await SendAsync();
        await UntilPendingAsync(0);
    }

    private async Task SendAsync()
    {
        if (batch.IsEmpty)
        {
            return;
        }

        await UntilPendingAsync(batch.IsOfCalls && arePendingOfCalls ? CallBatchesMax - 1 : 0);
        arePendingOfCalls = batch.IsOfCalls;
        pending.Enqueue(AskAsync(batch));
        batch = new ImportBatch();
    }

    private async Task UntilPendingAsync(int atMost)
    {
        while (pending.Count > atMost)
        {
            await pending.Dequeue();
        }
    }

    private async Task AskAsync(ImportBatch sent)
    {
        using var content = sent.ToContent();
        var told = await lethe.AskAsync(HttpMethod.Post, "/v1/ingest?results=errors" + (isDry ? "&dry_run=true" : "") + (org is null ? "" : "&org=" + org), IngestJson.Default.LinesResult, cancel, content);
        Interlocked.Add(ref taken, told.Accepted);
        Interlocked.Add(ref known, told.Duplicate);
        Interlocked.Add(ref conflicts, told.Conflict);
        Interlocked.Add(ref rejected, told.Rejected);
        foreach (var item in told.Results.Where(item => item.Status is ItemResult.Conflict or ItemResult.Rejected))
        {
            var (file, place) = sent.Origins[item.Line!.Value - 1];
            await error.WriteLineAsync($"{file}:{place}: {item.Code} {item.Detail}".TrimEnd());
        }

        progress.Count(taken + known);
    }
}
