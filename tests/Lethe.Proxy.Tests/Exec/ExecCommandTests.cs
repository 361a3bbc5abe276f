using Lethe.Proxy.Commands;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Terminal;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;

namespace Lethe.Proxy.Tests.Exec;

[System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
public sealed class ExecCommandTests : IDisposable
{
    private readonly string home = Directory.CreateTempSubdirectory("lethe-exec-").FullName;

    private string Data => Path.Combine(home, "data");

    [Fact]
    public async Task The_agent_runs_through_a_lethe_of_its_own_and_its_exit_code_is_ours()
    {
        var agent = Agent("claude", "printf '%s\\n' \"$@\" > {0}/args; env > {0}/env; exit 7");

        var (code, told) = await ExecAsync("exec", "--data", Data, agent, "-p", "--data", "two words");

        Assert.Equal(7, code);
        var arguments = File.ReadAllLines(Path.Combine(home, "args"));
        Assert.Equal("--settings", arguments[0]);
        Assert.Equal(["-p", "--data", "two words"], arguments[2..]);
        var door = Variable("LETHE_DOOR");
        Assert.Matches("^http://127.0.0.1:[0-9]+/run-[0-9a-f-]{36}$", door);
        Assert.Contains($"{door}/anthropic", arguments[1], StringComparison.Ordinal);
        Assert.Equal($"{door}/openai/v1", Variable("OPENAI_BASE_URL"));
        Assert.Contains("127.0.0.1", Variable("NO_PROXY"), StringComparison.Ordinal);
        Assert.Contains($"recording claude through {door[..door.IndexOf("/run-", StringComparison.Ordinal)]} into", told, StringComparison.Ordinal);
        Assert.Contains("no calls came through", told, StringComparison.Ordinal);
        Assert.Null(ListeningDoors.Find(Data));
    }

    [Fact]
    public async Task What_the_agent_said_is_told_at_the_end_and_its_key_is_nowhere()
    {
        using var api = Model();
        var agent = Agent("agent", Saying("5e55-10", "canary-of-the-agent"));

        var (code, told) = await ExecAsync("exec", "--data", Data, $"--Lethe:Upstreams:anthropic:Address={api.Url}", agent);

        Assert.Equal(0, code);
        Assert.Contains("claude-code session 5e55-10: 1 call, 1000 tokens in, 200 out, $0.0060 (lethe show ", told, StringComparison.Ordinal);
        Assert.Equal("canary-of-the-agent", Assert.Single(api.LogEntries).RequestMessage!.Headers!["X-Api-Key"].Single());
        foreach (var file in Directory.GetFiles(Data, "*", SearchOption.AllDirectories))
        {
            Assert.Equal(-1, File.ReadAllBytes(file).AsSpan().IndexOf("canary-of-the-agent"u8));
        }
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -KILL $$", 137)]
    public async Task A_signal_that_ends_the_agent_is_told_as_a_shell_tells_it(string script, int expected) =>
        Assert.Equal(expected, (await ExecAsync("exec", "--data", Data, "--", "sh", "-c", script)).Code);

    [Fact]
    public async Task A_command_that_is_not_there_or_cannot_run_is_told_as_a_shell_tells_it()
    {
        var (missing, told) = await ExecAsync("exec", "--data", Data, "--", "no-such-agent-anywhere");
        var plain = Path.Combine(home, "plain");
        File.WriteAllText(plain, "no program");

        Assert.Equal(127, missing);
        Assert.Contains("no-such-agent-anywhere: command not found", told, StringComparison.Ordinal);
        Assert.Equal(126, (await ExecAsync("exec", "--data", Data, "--", plain)).Code);
    }

    [Fact]
    public async Task A_running_lethe_is_used_unless_the_agent_would_go_elsewhere()
    {
        await using var host = await StartAsync("https://team.example");
        var agent = Agent("codex", "env > {0}/env");

        var (code, seen) = await ExecAsync("exec", "--data", Data, "--", agent);
        var (refused, told) = await ExecAsync("exec", "--data", Data, "--", agent, "-c", "openai_base_url=https://gateway.example/v1");

        Assert.Equal(0, code);
        Assert.StartsWith(host.Doors.Forwarding + "/run-", Variable("LETHE_DOOR"), StringComparison.Ordinal);
        Assert.Contains($"(look: lethe tail, {host.Doors.Admin}/)", seen, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Environment, refused);
        Assert.Contains("--Lethe:Upstreams:openai:Address=https://gateway.example", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_a_running_lethe_leads_is_its_own_configuration_not_that_of_exec()
    {
        await using var host = await StartAsync("https://team.example");
        var agent = Agent("claude", "env > {0}/env");

        var (code, _) = await ExecAsync("exec", "--data", Data, "--Lethe:Upstreams:openai:Address=https://elsewhere.example", agent);
        var (same, _) = await ExecAsync("exec", "--data", Data, "--", Agent("codex", "exit 3"), "-c", "openai_base_url=https://team.example/v1");

        Assert.Equal((0, 3), (code, same));
        Assert.Equal(Variable("LETHE_DOOR") + "/openai/v1", Variable("OPENAI_BASE_URL"));
    }

    [Fact]
    public async Task What_others_say_meanwhile_is_not_told_as_this_runs()
    {
        using var api = Model();
        await using var host = await StartAsync(api.Url!);
        var agent = Agent("agent", "ANTHROPIC_BASE_URL=${LETHE_DOOR%/run-*}/anthropic; " + Saying("0-the-r", "k") + "\n" + "ANTHROPIC_BASE_URL=$LETHE_DOOR/anthropic; " + Saying("5e55-10", "k"));

        var (code, told) = await ExecAsync("exec", "--data", Data, "--", agent);

        Assert.Equal(0, code);
        Assert.Equal(["/v1/messages", "/v1/messages"], api.LogEntries.Select(entry => entry.RequestMessage!.Path));
        Assert.Contains("claude-code session 5e55-10: 1 call", told, StringComparison.Ordinal);
        Assert.DoesNotContain("0-the-r", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lethe_that_one_run_started_stays_until_the_runs_that_found_it_have_ended()
    {
        using var api = Model();
        var first = Agent("first", ": > {0}/first-is-up; until [ -f {0}/second-is-up ]; do sleep 0.05; done; : > {0}/first-is-gone");
        var second = Agent("second", ": > {0}/second-is-up; until [ -f {0}/first-is-gone ]; do sleep 0.05; done; sleep 1; " + Saying("5e55-10", "k"));

        var starts = ExecAsync("exec", "--data", Data, $"--Lethe:Upstreams:anthropic:Address={api.Url}", first);
        while (!File.Exists(Path.Combine(home, "first-is-up")) && !starts.IsCompleted)
        {
            await Task.Delay(20);
        }

        var (found, _) = await ExecAsync("exec", "--data", Data, second);
        var (started, told) = await starts;

        Assert.Equal((0, 0), (started, found));
        Assert.Single(api.LogEntries);
        Assert.Contains("another agent still goes through this lethe", told, StringComparison.Ordinal);
        Assert.Contains("no calls came through", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_calls_go_is_told_before_the_agent_starts()
    {
        var agent = Agent("claude", ": > {0}/ran");

        var (_, told) = await ExecAsync("exec", "--data", Data, "--Lethe:Upstreams:anthropic:Address=http://127.0.0.1:9", "--", agent);
        var (_, any) = await ExecAsync("exec", "--data", Data, "--", "true");

        Assert.StartsWith("lethe: calls to anthropic go to http://127.0.0.1:9 (lethe's configuration)\n", told, StringComparison.Ordinal);
        Assert.Contains("lethe: calls ", any, StringComparison.Ordinal);
        Assert.True(told.IndexOf("calls to", StringComparison.Ordinal) < told.IndexOf("recording claude", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_file_of_the_commands_name_in_the_working_directory_is_not_run()
    {
        Agent("true", "exit 66");
        using var lethe = LetheProgram.Start(home, "exec", "--data", Data, "--", "true");

        Assert.Equal(0, (await lethe.ExitAsync()).ExitCode);
        Assert.Equal(66, (await LetheProgram.RunInAsync(home, "exec", "--data", Data, "--", "./true")).ExitCode);
    }

    [Fact]
    public async Task All_that_a_running_lethe_has_heard_of_the_run_is_told_however_much_it_is()
    {
        using var api = Model();
        await using var host = await StartAsync(api.Url!);
        const int Calls = 40;

        var (code, told) = await ExecAsync("exec", "--data", Data, "--", Agent("agent", string.Concat(Enumerable.Repeat(Saying("5e55-10", "k") + "\n", Calls))));

        Assert.Equal(0, code);
        Assert.Contains($"claude-code session 5e55-10: {Calls} calls", told, StringComparison.Ordinal);
        Assert.Matches($@"\(lethe show ([0-9a-f-]{{36}}), {host.Doors.Admin}/sessions/\1\)", told);
    }

    [Theory]
    [InlineData("exec claude --data x", "exec -- claude --data x")]
    [InlineData("exec --data d claude -p --listen y", "exec --data d -- claude -p --listen y")]
    [InlineData("--set a=b exec --Lethe:Sink sqlite claude -- z", "--set a=b exec --Lethe:Sink sqlite -- claude -- z")]
    [InlineData("exec --data d -- claude", "exec --data d -- claude")]
    [InlineData("sessions exec claude", "sessions exec claude")]
    public void The_agents_options_are_never_taken_for_ours(string given, string separated) =>
        Assert.Equal(separated, string.Join(' ', ExecCommand.Separate(given.Split(' '))));

    public void Dispose() => Directory.Delete(home, recursive: true);

    private static WireMockServer Model()
    {
        var api = WireMockServer.Start("http://127.0.0.1:0");
        api.Given(Request.Create().UsingPost()).RespondWith(Response.Create().WithHeader("Content-Type", "application/json").WithBody("""
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[{"type":"text","text":"hello"}],
             "stop_reason":"end_turn","usage":{"input_tokens":1000,"output_tokens":200}}
            """));
        return api;
    }

    private Task<LetheHost> StartAsync(string upstream) => LetheHost.StartAsync(new LetheOptions
    {
        DataDirectory = Data,
        Listen = "http://127.0.0.1:0",
        AdminListen = "http://127.0.0.1:0",
        ExtProc = new ExtProcOptions { Listen = "" },
        Upstreams = { ["anthropic"] = new UpstreamOptions { Address = upstream }, ["openai"] = new UpstreamOptions { Address = upstream } },
    });

    /// <summary>What a script says to the Messages API of its environment, as Claude Code does.</summary>
    private static string Saying(string session, string key) => $$"""
        export ANTHROPIC_BASE_URL; bash -c '
        door=${ANTHROPIC_BASE_URL#http://}; path=/${door#*/}; door=${door%%/*}
        body="{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":9,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}"
        exec 3<>/dev/tcp/${door%:*}/${door#*:}
        printf "POST $path/v1/messages HTTP/1.1\r\nHost: lethe\r\nX-Api-Key: {{key}}\r\nContent-Type: application/json\r\nUser-Agent: claude-cli/2.1.0 (external, cli)\r\nX-Claude-Code-Session-Id: {{session}}\r\nConnection: close\r\nContent-Length: ${#body}\r\n\r\n$body" >&3
        cat <&3 >/dev/null'
        """;

    private string Agent(string name, string script)
    {
        var path = Path.Combine(home, name);
        File.WriteAllText(path, "#!/bin/sh\n" + script.Replace("{0}", home, StringComparison.Ordinal) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private string Variable(string name) =>
        File.ReadLines(Path.Combine(home, "env")).Single(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    private static async Task<(int Code, string Told)> ExecAsync(params string[] args)
    {
        using var error = new StringWriter();
        var code = await LetheApplication.RunAsync(args, TextWriter.Null, error);
        return (code, error.ToString());
    }
}
