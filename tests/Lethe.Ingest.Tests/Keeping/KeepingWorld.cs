using System.Text;
using Lethe.Capture;
using Lethe.Capture.Exchanges;
using Lethe.Ingest.Ingesting;
using Lethe.Ingest.Journaling;
using Lethe.Ingest.Keeping;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Tests.Storage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Ingest.Tests.Keeping;

/// <summary>A data directory with a journal and its store, filled with calls whose every word tells the session that said it.</summary>
internal sealed class KeepingWorld : IDisposable
{
    public static readonly DateTimeOffset Now = Told.Epoch.AddDays(10);

    private readonly IReadOnlyList<Told> calls;
    private readonly bool ownsStore;

    /// <param name="shared">The store of another recorder's world; null for one of its own.</param>
    public KeepingWorld(StoreKind kind, IReadOnlyList<Told> calls, TestStore? shared = null)
    {
        this.calls = calls;
        Directory = SqliteTestStore.NewDirectory();
        ownsStore = shared is null;
        Store = shared ?? (kind == StoreKind.Sqlite ? SqliteTestStore.Open(Directory) : PostgresTestStore.Open());
    }

    public string Directory { get; }

    public string Journal => Path.Combine(Directory, "journal");

    public TestStore Store { get; }

    public DateTimeOffset Time { get; init; } = Now;

    /// <summary>Three conversations of three turns, a sub-agent of the first, a day apart; the second begins with the words of the first.</summary>
    public static IReadOnlyList<Told> Conversations() =>
    [
        .. Conversation(10, "one", day: 0),
        .. Conversation(20, "two", day: 3, opening: "shared-word"),
        .. Conversation(30, "three", day: 6),
        Turn(40, "child", day: 0, ["child-ask"], "child-answer") with { ParentHarness = "claude-code", Parent = "one" },
        new Told { Number = 50, At = 5, Session = null, Prompt = ["nobody-ask"], Reply = "nobody-answer" },
    ];

    public static IEnumerable<Told> Conversation(int number, string name, int day, string? opening = null)
    {
        var said = new List<string> { opening ?? (name == "one" ? "shared-word" : name + "-opening") };
        for (var i = 0; i < 3; i++)
        {
            yield return Turn(number + i, name, day, [.. said], $"{name}-answer-{i}") with { At = (day * 86_400) + (i * 60) };
            said.AddRange([$"{name}-answer-{i}", $"{name}-ask-{i}"]);
        }
    }

    public async Task FillAsync()
    {
        await using var journal = OpenJournal();
        foreach (var call in calls)
        {
            Assert.True(await journal.AppendAsync(Exchange(call)));
        }

        journal.ReportConsumed(IngestLoop.Consumer, journal.DurableEnd);
        TakeIn(Store.Ingest);
        await IndexAsync();
        Assert.Empty(Faults());
    }

    /// <summary>All that the store holds into its search index.</summary>
    public async Task IndexAsync()
    {
        await using var indexing = Store.Indexing();
        indexing.CatchUp();
    }

    /// <summary>All that the journal holds into a store.</summary>
    public JournalReplay TakeIn(ISessionStore store)
    {
        var replay = new JournalReplay(Interpret);
        using var consumer = new JournalConsumer(Journal, default);
        replay.Run(consumer, store, movesCursor: true);
        return replay;
    }

    public Journal OpenJournal(JournalDisk? disk = null) => Ingest.Journaling.Journal.Open(
        new JournalSettings { Directory = Journal, Disk = disk ?? JournalDisk.Real, RetryInterval = TimeSpan.FromMilliseconds(5) }, TimeProvider.System, NullLogger.Instance);

    public SessionKeeping Keep(Journal journal, RetentionSettings? settings = null) =>
        Store.Keep(journal, Directory, settings ?? new RetentionSettings(), Interpret, new StandingTime(Time));

    /// <summary>Opens the journal, does something with what keeps it, and closes it.</summary>
    public async Task WithAsync(Func<SessionKeeping, Task> work, RetentionSettings? settings = null, JournalDisk? disk = null)
    {
        await using var journal = OpenJournal(disk);
        await using var keeping = Keep(journal, settings);
        await work(keeping);
    }

    public Task LookAsync(RetentionSettings? settings = null) => WithAsync(keeping => keeping.LookAsync(), settings);

    /// <summary>Everything that is off in store and journal, alone and beside each other.</summary>
    public List<string> Faults()
    {
        using var check = Store.Verifier.Against(Journal);
        var journal = check.Verify();
        return [.. Store.Verifier.Verify().Select(fault => fault.ToString()), .. check.Faults(journal).Concat(check.Parity(journal, Interpret)).Select(fault => fault.ToString())];
    }

    /// <summary>Every byte of every file, unfolded where it is sealed.</summary>
    public string Unfolded()
    {
        var text = new StringBuilder(Store.Bytes());
        foreach (var path in System.IO.Directory.GetFiles(Directory, "*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)))
        {
            text.Append(FileText.Read(path));
        }

        foreach (var segment in JournalDirectory.Segments(Journal))
        {
            foreach (var part in (SegmentPart[])[SegmentPart.Lines, SegmentPart.Bodies])
            {
                using var file = SegmentFile.TryOpen(Journal, segment, part)!;
                var bytes = new byte[file.Length];
                Assert.True(file.TryFill(bytes, 0));
                text.Append(Encoding.Latin1.GetString(bytes));
            }
        }

        return text.ToString();
    }

    /// <summary>What is said of sessions but of some: their records, their words, and the bodies.</summary>
    public string StateBut(params string[] sessions)
    {
        using var bodies = new JournalBodies(Journal);
        var text = new StringBuilder();
        foreach (var (record, at) in Store.Reader.ExchangesWithBodies(Organisation.None, new()).Where(row => !sessions.Contains(row.Record.Session?.HarnessSessionId)))
        {
            text.AppendLine(System.Text.Json.JsonSerializer.Serialize(record with { Replayed = false }, Lethe.Ingest.Reading.ExchangeRecordJson.Default.ExchangeRecord));
            var exchange = bodies.TryRead(at!.Value);
            text.AppendLine(Encoding.UTF8.GetString(exchange!.Request.Bytes.Span)).AppendLine(Encoding.UTF8.GetString(exchange.Response.Bytes.Span));
        }

        foreach (var session in Store.Sessions().Where(session => !sessions.Contains(session.HarnessSessionId)).OrderBy(session => session.SessionId, StringComparer.Ordinal))
        {
            text.AppendLine(System.Text.Json.JsonSerializer.Serialize(session));
            foreach (var turn in Store.Reader.Conversation(Organisation.None, session.SessionId))
            {
                text.AppendJoin('\n', turn.NewMessages.Concat(turn.Reply).Select(message => message.Body.GetRawText())).AppendLine();
            }
        }

        return text.ToString();
    }

    public string Counters() => System.Text.Json.JsonSerializer.Serialize(Store.Sessions().OrderBy(session => session.SessionId, StringComparer.Ordinal).Select(session => session.Counters));

    public void Dispose()
    {
        if (ownsStore)
        {
            Store.Dispose();
        }

        if (System.IO.Directory.Exists(Directory))
        {
            System.IO.Directory.Delete(Directory, recursive: true);
        }
    }

    public InterpretedExchange Interpret(CapturedExchange exchange)
    {
        var told = calls.Single(call => call.Id == exchange.Id).Interpret();
        return told with { Exchange = exchange };
    }

    private static Told Turn(int number, string name, int day, string[] prompt, string reply) => new()
    {
        Number = number,
        At = day * 86_400,
        Session = name,
        Prompt = prompt,
        Reply = reply,
        System = name is "one" or "two" ? "shared-system" : name + "-system",
        Tools = name + "-tools",
        Name = name + "-name",
        Cwd = $"/home/{name}-cwd",
        Metadata = $$"""{"key":"{{name}}-metadata"}""",
        Calls = [$"call-{number}"],
        Command = name + "-command",
        ClientKey = name + "-client-key-" + number,
        Cost = 7,
    };

    public static CapturedExchange Exchange(Told call)
    {
        var name = call.Session ?? "nobody";
        return call.Exchange() with
        {
            Query = $"?q={name}-query",
            RequestHeaders = [new("x-said", name + "-header")],
            ResponseHeaders = [new("x-said", name + "-answer-header")],
            Request = Journaling.JournalWorld.Body(string.Join(' ', call.Prompt)),
            Response = Journaling.JournalWorld.Body(call.Reply ?? ""),
        };
    }

    private sealed class StandingTime(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}
