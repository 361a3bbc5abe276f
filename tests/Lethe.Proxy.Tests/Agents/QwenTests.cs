using System.Text.Json;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>The real Qwen Code, end to end, over Chat Completions, and through <c>lethe exec</c>.</summary>
public sealed class QwenTests
{
    private const string Main = "PROMPT-MAIN";

    [Fact]
    public async Task A_question_with_a_tool_call_is_two_turns_of_a_session_that_is_told_by_its_first_answer()
    {
        await using var world = await AgentWorld.StartAsync(Script);

        var run = await world.Home.QwenAsync(world.OpenAI, $"{Main} run the tool");

        Assert.True(run.ExitCode == 0, run.ToString());
        var records = (await world.RecordedAsync()).Records;
        Assert.All(records, record => Assert.Equal(("qwen-code", "0.15.10"), (record.Text("harness", "id"), record.Text("harness", "version"))));
        AssertToolRan([.. records.Where(record => record.Text("request_kind") is null)]);
        Assert.All(records.Where(record => record.Text("request_kind") is not null), record => Assert.Equal("memory", record.Text("request_kind")));
    }

    [Fact]
    public async Task Started_by_lethe_exec_it_is_recorded_with_nothing_set_up()
    {
        await using var model = await ScriptedModel.StartAsync(Script);
        using var home = new AgentHome();
        var data = Path.Combine(home.WorkingDirectory, "..", "data");
        var environment = LetheProcess.Upstream(model.Address).Select(setting => KeyValuePair.Create(setting.Key.Replace(":", "__", StringComparison.Ordinal), setting.Value));
        using var lethe = LetheProgram.Start(
            home.WorkingDirectory,
            [.. environment, .. AgentHome.QwenEnvironment, new("HOME", home.Directory)],
            ["exec", "--data", data, "--", AgentHome.Program("qwen"), .. AgentHome.QwenArguments($"{Main} run the tool")]);

        var (code, output, error) = await lethe.ExitAsync();

        Assert.True(code == 0, output + error);
        Assert.Contains("The tool ran.", output, StringComparison.Ordinal);
        Assert.Contains("qwen-code session ", error, StringComparison.Ordinal);
        AssertToolRan([.. (await LetheProcess.ExportAsync(data)).Where(record => record.Text("operation") == "chat" && record.Text("request_kind") is null)]);
    }

    private static ModelReply Script(ModelCall call) =>
        !call.Text.Contains(Main, StringComparison.Ordinal) || call.Text.Contains("\"role\":\"tool\"", StringComparison.Ordinal) || !call.Tools.Contains("run_shell_command")
            ? new ModelReply.Say("The tool ran.")
            : new ModelReply.UseTools(("run_shell_command", new { command = "echo tool-ran", is_background = false }));

    private static void AssertToolRan(IReadOnlyList<JsonElement> records)
    {
        Assert.Equal(2, records.Count);
        Assert.Single(records.Select(record => record.Text("session", "id")).Distinct());
        Assert.All(records, record => Assert.Equal(("synthetic", "chat_completions", "completed"), (record.Text("session", "id_origin"), record.Text("endpoint"), record.Text("outcome"))));
        Assert.All(records, record => Assert.Equal((12, 2, 4), (record.Number("usage", "input_tokens"), record.Number("usage", "cache_read_tokens"), record.Number("usage", "output_tokens"))));
        var call = records[0].At("reply", "tool_calls")!.Value[0];
        Assert.Equal(("run_shell_command", "echo tool-ran"), (call.Text("name"), call.Text("arguments", "command")));
        var result = Assert.Single(records[1].At("tool_results")!.Value.EnumerateArray());
        Assert.Equal((call.Text("id"), "ok"), (result.Text("id"), result.Text("status")));
        Assert.Equal("The tool ran.", records[1].Text("reply", "text"));
    }
}
