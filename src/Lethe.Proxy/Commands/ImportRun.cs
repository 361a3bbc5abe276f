using Lethe.Proxy.Importing;
using Lethe.Proxy.IngestApi;

namespace Lethe.Proxy.Commands;

/// <summary>Brings what files hold to the ingest door, batch after batch: while one is stored the next is read.</summary>
internal sealed class ImportRun(RunningLethe lethe, ImportFiles files, bool isDry, string? org, Progress progress, TextWriter error, CancellationToken cancel)
{
    private ImportBatch batch = new();
    private Task pending = Task.CompletedTask;
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
                await pending;
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
        await pending;
    }

    private async Task SendAsync()
    {
        await pending;
        if (!batch.IsEmpty)
        {
            pending = AskAsync(batch);
            batch = new ImportBatch();
        }
    }

    private async Task AskAsync(ImportBatch sent)
    {
        using var content = sent.ToContent();
        var told = await lethe.AskAsync(HttpMethod.Post, "/v1/ingest?results=errors" + (isDry ? "&dry_run=true" : "") + (org is null ? "" : "&org=" + org), IngestJson.Default.LinesResult, cancel, content);
        (taken, known, conflicts, rejected) = (taken + told.Accepted, known + told.Duplicate, conflicts + told.Conflict, rejected + told.Rejected);
        foreach (var item in told.Results.Where(item => item.Status is ItemResult.Conflict or ItemResult.Rejected))
        {
            var (file, place) = sent.Origins[item.Line!.Value - 1];
            await error.WriteLineAsync($"{file}:{place}: {item.Code} {item.Detail}".TrimEnd());
        }

        progress.Count(taken + known);
    }
}
