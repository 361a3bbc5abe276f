using System.Collections.Concurrent;
using System.Text;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Ingest.Sqlite;
using Lethe.Ingest.Tests.Storage;
using Lethe.Ingest.Verifying;
using Microsoft.Data.Sqlite;

namespace Lethe.Ingest.Tests.Ingesting;

/// <summary>Nothing that goes wrong ends ingest for good, and nothing that was journalled is passed over.</summary>
public sealed class IngestFaultTests : IDisposable
{
    private const int FailuresMax = 3;

    private static readonly Told[] Calls = LoopWorld.Calls;

    private readonly LoopWorld world = new();

    public static TheoryData<string> Faults => [.. All.Keys];

    private static Dictionary<string, Func<Exception>> All { get; } = new()
    {
        ["disk"] = () => new IOException("no file descriptors"),
        ["access"] = () => new UnauthorizedAccessException("no"),
        ["memory"] = () => new InsufficientMemoryException(),
        ["sqlite"] = () => new SqliteException("disk I/O error", SQLitePCL.raw.SQLITE_IOERR),
        ["refused"] = () => new StoreRefusedException("another one"),
        ["disposed"] = () => new ObjectDisposedException("connection"),
        ["bug"] = () => new InvalidOperationException("a bug"),
        ["argument"] = () => new ArgumentNullException("exchange"),
        ["cancelled"] = () => new OperationCanceledException(),
        ["many"] = () => new AggregateException(new TimeoutException()),
    };

    public void Dispose() => world.Dispose();

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_fails_while_the_journal_is_opened_is_tried_again(string fault)
    {
        await world.WriteAsync(Calls);
        var fails = Failing(fault);
        world.ReadFrom = from => fails() ?? new JournalConsumer(world.Journal, from);

        Assert.Equal(Calls.Length, await world.CatchUpAsync());
        Assert.Empty(world.Parity());

        Func<JournalConsumer?> Failing(string name) => () =>
        {
            Fail(name);
            return null;
        };
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_fails_while_the_store_is_opened_is_tried_again_and_told(string fault)
    {
        await world.WriteAsync(Calls);
        var states = new List<IngestState>();
        IngestLoop? loop = null;
        world.OpenStore = stopping =>
        {
            states.Add(loop!.State);
            Fail(fault);
            return IngestStore.Open(world.Store.File, JournalIdentity.Of(world.Journal), TimeProvider.System, stopping);
        };
        loop = world.Loop();

        Assert.Equal(Calls.Length, await world.CatchUpAsync(loop));
        Assert.Equal(IngestPhase.Opening, states[0].Phase);
        Assert.Equal((IngestPhase.Retrying, All[fault]().Message), (states[^1].Phase, states[^1].Reason));
        Assert.Empty(world.Parity());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_fails_in_the_middle_of_a_commit_is_tried_again_or_put_aside_alone(string fault)
    {
        await world.WriteAsync(Calls);
        world.Interpret = exchange => exchange.Id == Calls[17].Id && failures < FailuresMax
            ? WithNodes(exchange, new FailingNodes(() => Fail(fault)))
            : LoopWorld.Meaning(exchange);

        Assert.Equal(Calls.Length, await world.CatchUpAsync());

        var letters = world.Store.Letters();
        Assert.Equal(Calls.Length, world.Store.Count("exchanges") + letters.Count);
        Assert.All(letters, letter => Assert.Equal((Calls[17].Id.ToString(), StoreFault.Upsert), (letter.ExchangeId, letter.Code)));
        Assert.Empty(SqliteStore.VerifierAt(world.Store.File).Verify());
    }

    [Fact]
    public async Task A_commit_that_fails_while_the_next_batch_is_interpreted_stores_nothing_of_either_and_what_was_read_ahead_stays_right()
    {
        await world.WriteAsync(Calls);
        using var isAhead = new ManualResetEventSlim();
        var interpreted = new ConcurrentDictionary<ExchangeId, int>();
        world.Interpret = exchange =>
        {
            interpreted.AddOrUpdate(exchange.Id, 1, static (_, times) => times + 1);
            if (exchange.Id == Calls[13].Id)
            {
                isAhead.Set();
            }

            return exchange.Id == Calls[3].Id && failures < FailuresMax
                ? WithNodes(exchange, new FailingNodes(() =>
                {
                    Assert.True(isAhead.Wait(LoopWorld.WaitMax));
                    Fail("disk");
                }))
                : LoopWorld.Meaning(exchange);
        };

        Assert.Equal(Calls.Length, await world.CatchUpAsync());

        Assert.Equal(FailuresMax, failures);
        Assert.All(Calls[..7], call => Assert.Equal(FailuresMax + 1, interpreted[call.Id]));
        Assert.All(Calls[7..], call => Assert.Equal(1, interpreted[call.Id]));
        Assert.Equal(Calls.Length, world.Store.Count("exchanges"));
        Assert.Empty(world.Store.Letters());
        Assert.Empty(world.Parity());
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task What_fails_while_an_exchange_is_interpreted_costs_its_meaning_at_most(string fault)
    {
        await world.WriteAsync(Calls);
        world.Interpret = exchange => exchange.Id == Calls[17].Id ? throw All[fault]() : LoopWorld.Meaning(exchange);

        Assert.Equal(Calls.Length, await world.CatchUpAsync());

        var record = world.Store.Reader.Exchange(Organisation.None, Calls[17].Id.ToString())!;
        Assert.Equal(("not_decoded", "interpreter_failed"), (record.Outcome, record.OutcomeReason));
        Assert.Equal(Calls.Length, world.Store.Count("exchanges"));
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_listener_that_fails_costs_nobody_anything(string fault)
    {
        await world.WriteAsync(Calls);
        var loop = world.Loop();
        loop.Committed += _ => Fail(fault);

        await world.CatchUpAsync(loop);

        Assert.Equal(Calls.Length, world.Store.Count("exchanges"));
        Assert.DoesNotContain(true, world.Store.Records().Select(record => record.Replayed));
    }

    [Fact]
    public async Task A_line_that_cannot_be_read_is_put_aside_by_its_place_and_what_follows_is_taken()
    {
        await world.WriteAsync(Calls[..9]);
        var file = Directory.GetFiles(world.Journal, "*.lines").Single();
        var lines = (await File.ReadAllTextAsync(file)).Split('\n');
        var at = Array.FindIndex(lines, line => line.Contains(Calls[3].Id.ToString(), StringComparison.Ordinal));
        var offset = lines.Take(at).Sum(line => line.Length + 1);
        lines[at] = lines[at].Replace("\"data\":{", "\"data\":[", StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, string.Join('\n', lines));

        Assert.Equal(8, await world.CatchUpAsync());

        var letter = Assert.Single(world.Store.Letters());
        Assert.Equal((null, "JOURNAL_SEALBROKEN", 1L, (long)offset), (letter.ExchangeId, letter.Code, letter.At.Segment, letter.At.Offset));
        Assert.StartsWith("journal:1:", letter.Key, StringComparison.Ordinal);
        Assert.Null(world.Store.Reader.Exchange(Organisation.None, Calls[3].Id.ToString()));
        Assert.Equal(0, await world.CatchUpAsync());
        Assert.Contains(VerifyFaultKind.Journal, world.Parity().Select(fault => fault.Kind));
    }

    [Fact]
    public async Task A_line_of_a_later_version_halts_ingest_alone_and_is_not_passed()
    {
        await world.WriteAsync(Calls[..5]);
        AppendLineOfLaterVersion(Directory.GetFiles(world.Journal, "*.lines").Single());
        var loop = world.Loop();

        Assert.Equal(5, await world.CatchUpAsync(loop));
        Assert.Equal(IngestPhase.Halted, loop.State.Phase);
        Assert.Contains("later version", loop.State.Reason, StringComparison.Ordinal);

        // Recording goes on, and nothing behind the line is taken before it can be read.
        await world.WriteAsync(Calls[5..9]);
        Assert.Equal(0, await world.CatchUpAsync());
        Assert.Equal(5, world.Store.Count("exchanges"));
    }

    [Fact]
    public async Task A_store_that_was_deleted_while_it_was_written_is_made_again_out_of_the_journal()
    {
        await using var journal = world.OpenJournal();
        world.ReadFrom = from => journal.Consume(from);
        var file = Path.Combine(world.Journal, "deleted.db");
        var loop = world.Loop(file);
        using var finish = new CancellationTokenSource();
        var running = loop.RunAsync(finish.Token, CancellationToken.None);
        await AppendAsync(journal, Calls[..20]);
        await UntilAsync(() => Stored(file) == 20);

        foreach (var path in Directory.GetFiles(world.Journal, "deleted.db*"))
        {
            File.Delete(path);
        }

        await AppendAsync(journal, Calls[20..]);
        await UntilAsync(() => Stored(file) == Calls.Length);
        await finish.CancelAsync();
        await running.WaitAsync(LoopWorld.WaitMax);
        Assert.Empty(SqliteStore.VerifierAt(file).Verify());
    }

    [Fact]
    public async Task A_store_that_is_damaged_under_way_is_told_of_and_another_one_in_its_place_gets_everything()
    {
        await using var journal = world.OpenJournal();
        world.ReadFrom = from => journal.Consume(from);
        var file = Path.Combine(world.Journal, "damaged.db");
        await File.WriteAllTextAsync(file, string.Concat(Enumerable.Repeat("no database at all\n", 100)));
        var loop = world.Loop(file);
        using var finish = new CancellationTokenSource();
        var running = loop.RunAsync(finish.Token, CancellationToken.None);
        await AppendAsync(journal, Calls[..20]);
        await UntilAsync(() => loop.State.Phase == IngestPhase.Retrying);
        Assert.Contains("is not a SQLite database", loop.State.Reason, StringComparison.Ordinal);
        Assert.False(loop.StoreOpened.IsCompleted);

        File.Delete(file);
        await UntilAsync(() => Stored(file) == 20);
        await AppendAsync(journal, Calls[20..]);
        await UntilAsync(() => Stored(file) == Calls.Length);
        await finish.CancelAsync();
        await running.WaitAsync(LoopWorld.WaitMax);
    }

    private static void AppendLineOfLaterVersion(string file)
    {
        var last = File.ReadAllLines(file)[^1];
        Assert.True(JournalLine.TryParse(Encoding.ASCII.GetBytes(last), out var line));
        Span<byte> previous = stackalloc byte[JournalLine.SealBytes];
        Span<byte> seal = stackalloc byte[JournalLine.SealBytes];
        JournalLine.TryReadSeal(line.SealHex, previous);
        var before = $"{{\"seq\":{line.Sequence + 1},\"behind\":0,\"kind\":\"novelty\",\"data\":{{}}";
        JournalLine.Seal(previous, Encoding.ASCII.GetBytes(before), seal);
        File.AppendAllText(file, $"{before},\"seal\":\"{Convert.ToHexStringLower(seal)}\"}}\n");
    }

    private int failures;

    private void Fail(string fault)
    {
        if (failures < FailuresMax)
        {
            failures++;
            throw All[fault]();
        }
    }

    private static InterpretedExchange WithNodes(CapturedExchange exchange, FailingNodes nodes)
    {
        var told = LoopWorld.Meaning(exchange);
        return told with { Chain = told.Chain! with { Nodes = nodes } };
    }

    private static long Stored(string file)
    {
        try
        {
            using var reader = SqliteStore.ReaderAt(file);
            return Hostile.Orgs.Max(reader.LastChange);
        }
        catch (Exception notYet) when (notYet is StoreRefusedException or SqliteException)
        {
            return -1;
        }
    }

    private static async Task AppendAsync(Journal journal, Told[] calls)
    {
        foreach (var call in calls)
        {
            Assert.True(await journal.AppendAsync(call.Exchange()));
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var bound = new CancellationTokenSource(LoopWorld.WaitMax);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!holds())
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }
}
