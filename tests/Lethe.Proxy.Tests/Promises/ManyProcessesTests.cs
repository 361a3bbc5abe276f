using System.Globalization;
using Lethe.Ingest.Tests.Postgres;
using Lethe.Proxy.Tests.Admin;

namespace Lethe.Proxy.Tests.Promises;

/// <summary>Eight processes deliver the same turns into one store, each twice: every turn is there once, and counts once.</summary>
public sealed class ManyProcessesTests : IAsyncLifetime
{
    private const int Processes = 8;
    private const int Turns = 300;

    private RecordedConversation conversation = null!;

    private string Data => conversation.Lethe.DataDirectory;

    private string Scratch => Path.GetDirectoryName(Data)!;

    public async Task InitializeAsync()
    {
        conversation = await RecordedConversation.StartAsync();
        for (var i = RecordedConversation.Exchanges; i < Turns; i++)
        {
            // Six agents whose histories grow; every tenth call is tried twice.
            var turn = i % 10 == 9 ? i - 1 : i;
            var asked = string.Join(",", Enumerable.Range(0, (turn / 6) + 1).Select(part => $$"""{"role":"user","content":"{{turn % 6}}: {{part}}"}"""));
            await conversation.SendAsync($"[{asked}]", turn % 6 == 0 ? null : $"agent-{turn % 6}");
        }
    }

    public async Task DisposeAsync() => await conversation.DisposeAsync();

    [Fact]
    public async Task Into_one_file()
    {
        // A backup has journal, keys and store; without its store it is a journal that one is to be built of.
        var target = Path.Combine(Scratch, "file");
        Fine(await LetheProgram.RunAsync("backup", target, "--data", Data));
        File.Delete(Path.Combine(target, "lethe.db"));
        await DeliverAsync("replay", "--data", target);
        await AssertOnceAsync("--data", target);
    }

    [Fact]
    public async Task Into_one_PostgreSQL()
    {
        const string Database = "many_processes";
        PostgresServer.Shared.Create(Database);
        string[] sink = ["--Lethe:Sink=postgres", $"--Lethe:Postgres:ConnectionString={PostgresServer.Shared.ConnectionString(Database)}"];
        await DeliverAsync(["replay", "--data", Data, .. sink]);
        await AssertOnceAsync(["--data", Data, .. sink]);
    }

    private static async Task DeliverAsync(params string[] replay)
    {
        var told = await Task.WhenAll(Enumerable.Range(0, Processes).Select(async _ =>
        {
            var first = await LetheProgram.RunAsync(replay);
            return (string[])[Fine(first), Fine(await LetheProgram.RunAsync(replay))];
        }));

        Assert.Equal(Turns, told.Sum(each => each.Sum(line => int.Parse(line[..line.IndexOf(' ', StringComparison.Ordinal)], CultureInfo.InvariantCulture))));
        Assert.All(told, each => Assert.Equal($"0 replayed, {Turns} skipped, 0 in conflict, 0 rejected\n", each[1]));
    }

    private async Task AssertOnceAsync(params string[] store)
    {
        Fine(await LetheProgram.RunAsync(["verify", "--parity", .. store]));
        Assert.StartsWith($"fine: {Turns} exchanges", Fine(await LetheProgram.RunAsync("verify", "--parity", "--data", Data)), StringComparison.Ordinal);
        var kept = Fine(await LetheProgram.RunAsync("export", "--data", Data));
        var delivered = Fine(await LetheProgram.RunAsync(["export", .. store]));
        Assert.Equal(Lines(kept), Lines(delivered));
    }

    // That it was delivered again is what the record says, and rightly.
    private static string[] Lines(string export) =>
        [.. export.Replace("\"replayed\":true", "\"replayed\":false", StringComparison.Ordinal).Split('\n').Order(StringComparer.Ordinal)];

    private static string Fine((int ExitCode, string Output, string Error) ran)
    {
        Assert.True(ran.ExitCode == 0, ran.Error + ran.Output);
        return ran.Output;
    }
}
