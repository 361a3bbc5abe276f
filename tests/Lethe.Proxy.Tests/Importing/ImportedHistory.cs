using System.Text.Json;
using Lethe.Proxy.Tests.Agents;

namespace Lethe.Proxy.Tests.Importing;

/// <summary>The transcripts that a real agent has left behind its recorded run.</summary>
internal static class ImportedHistory
{
    /// <summary>The stopped lethe knows all that they tell; an empty one takes it in as the same sessions, with the same sums.</summary>
    public static async Task AssertIsWhatWasHeardAsync(AgentWorld world, Conversation heard)
    {
        var (code, output, error) = await LetheProgram.RunAsync("import", world.Home.Directory, "--compare", "--json", "--data", world.Lethe.DataDirectory);
        Assert.True(code == 0, output + error);
        var compared = JsonDocument.Parse(output).RootElement.EnumerateArray().ToDictionary(session => session.Text("harness_session_id")!);
        Assert.Equal(heard.Sessions.Select(session => session.Key).Order(), compared.Keys.Order());
        Assert.All(compared.Values, session => Assert.Equal("equal", session.Text("state")));
        Assert.Equal(heard.Records.Count, compared.Values.Sum(session => session.Number("wire", "calls")));

        var again = await LetheProgram.RunAsync("import", world.Home.Directory, "--json", "--data", world.Lethe.DataDirectory);
        Assert.Equal((0, 0L, (long)heard.Records.Count), (again.ExitCode, JsonDocument.Parse(again.Output).RootElement.Number("taken"), JsonDocument.Parse(again.Output).RootElement.Number("known")));

        var alone = Path.Combine(Path.GetDirectoryName(world.Lethe.DataDirectory)!, "alone");
        Assert.Equal(0, (await LetheProgram.RunAsync("import", world.Home.Directory, "--data", alone)).ExitCode);
        Assert.Equal(await SumsAsync(world.Lethe.DataDirectory), await SumsAsync(alone));
        Assert.Equal(0, (await LetheProgram.RunAsync("verify", "--parity", "--data", alone)).ExitCode);
    }

    // What both tell: ids, parents, turns, tokens, money.
    private static async Task<string> SumsAsync(string data)
    {
        var sessions = JsonDocument.Parse((await LetheProgram.RunAsync("sessions", "--json", "--data", data)).Output).RootElement;
        var items = sessions.ValueKind == JsonValueKind.Array ? sessions : sessions.GetProperty("items");
        return string.Join('\n', items.EnumerateArray().OrderBy(session => session.Text("session_id")).Select(session => string.Join(
            ' ',
            session.Text("session_id"),
            session.Text("harness_id"),
            session.Text("parent", "session_id"),
            session.At("counters")!.Value.GetProperty("turns"),
            session.At("counters")!.Value.GetProperty("input"),
            session.At("counters")!.Value.GetProperty("cache_read"),
            session.At("counters")!.Value.GetProperty("output"),
            session.At("counters")!.Value.GetProperty("tool_calls"),
            session.At("counters")!.Value.GetProperty("cost_nano_usd"))));
    }
}
