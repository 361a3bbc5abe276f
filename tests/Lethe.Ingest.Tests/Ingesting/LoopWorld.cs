using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Lethe.Ingest.Verifying;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Ingesting;

/// <summary>A journal, a store, and the loop between them, whose every step a test can make fail.</summary>
internal sealed class LoopWorld : IDisposable
{
    public static readonly Told[] Calls = [.. Hostile.Tell([.. Enumerable.Range(1, 40)])];

    public static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    public string Journal { get; } = SqliteTestStore.NewDirectory();

    public SqliteTestStore Store { get; } = SqliteTestStore.Open();

    public IngestSettings Settings { get; set; } =
        new() { BatchCountMax = 7, RetryPause = TimeSpan.FromMilliseconds(1), RetryPauseMax = TimeSpan.FromMilliseconds(5) };

    public Func<JournalPosition, JournalConsumer>? ReadFrom { get; set; }

    public Func<CancellationToken, IngestStore>? OpenStore { get; set; }

    /// <summary>The wire of these calls is empty: what they mean is looked up by their id.</summary>
    public Func<CapturedExchange, InterpretedExchange> Interpret { get; set; } = Meaning;

    public static InterpretedExchange Meaning(CapturedExchange exchange) =>
        Calls.Single(call => call.Id == exchange.Id).Interpret() with { Exchange = exchange };

    public IngestLoop Loop(string? store = null) => new(
        ReadFrom ?? (from => new JournalConsumer(Journal, from)),
        OpenStore ?? (stopping => IngestStore.Open(store ?? Store.File, JournalIdentity.Of(Journal), TimeProvider.System, stopping)),
        exchange => Interpret(exchange),
        Settings,
        TimeProvider.System,
        NullLogger.Instance);

    /// <summary>Takes in all that is there, and ends.</summary>
    public async Task<long> CatchUpAsync(IngestLoop? loop = null)
    {
        using var giveUp = new CancellationTokenSource(WaitMax);
        return await (loop ?? Loop()).RunAsync(finish: new CancellationToken(canceled: true), giveUp.Token);
    }

    public Journal OpenJournal() => Ingest.Journaling.Journal.Open(new JournalSettings { Directory = Journal }, TimeProvider.System, NullLogger.Instance);

    public async Task WriteAsync(params Told[] calls)
    {
        await using var journal = OpenJournal();
        foreach (var call in calls)
        {
            Assert.True(await journal.AppendAsync(call.Exchange()));
        }
    }

    public List<VerifyFault> Parity(string? store = null)
    {
        using var check = SqliteStore.VerifierAt(store ?? Store.File).Against(Journal);
        var journal = check.Verify();
        return [.. check.Faults(journal).Concat(check.Parity(journal, exchange => Interpret(exchange)))];
    }

    public void Dispose()
    {
        Store.Dispose();
        Directory.Delete(Journal, recursive: true);
    }
}
