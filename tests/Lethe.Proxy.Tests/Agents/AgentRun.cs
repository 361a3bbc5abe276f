using System.Diagnostics;
using System.Text.Json;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>What a real coding agent did when it was run once, headless.</summary>
internal sealed record AgentRun(int ExitCode, string Output, string Errors)
{
    public override string ToString() => $"exit {ExitCode}\n{Output}\n{Errors}";
}

/// <summary>
/// A home for real coding agents: an empty HOME and working directory of their own, no credentials but dummies,
/// nothing to reach but the base URL they are given. They are installed by <c>scripts/install-test-needs</c>.
/// </summary>
internal sealed class AgentHome : IDisposable
{
    private static readonly TimeSpan RunTimeMax = TimeSpan.FromSeconds(120);

    private readonly string home = System.IO.Directory.CreateTempSubdirectory("lethe-agent-").FullName;

    /// <summary>Its HOME.</summary>
    public string Directory => home;

    public string WorkingDirectory => System.IO.Directory.CreateDirectory(Path.Combine(home, "work")).FullName;

    public static Dictionary<string, string> QwenEnvironment => new() { ["OPENAI_API_KEY"] = "sk-dummy-0000", ["OPENAI_MODEL"] = "gpt-5", ["QWEN_CODE_NO_RELAUNCH"] = "true" };

    /// <summary>Where an agent is installed.</summary>
    public static string Program(string agent)
    {
        var program = Path.Combine(Checkout.Root, "artifacts", "agents", "node_modules", ".bin", agent);
        Assert.True(File.Exists(program), $"{agent} is not installed: run scripts/install-test-needs");
        return program;
    }

    public static string[] QwenArguments(string prompt) => ["-y", "--auth-type", "openai", "-p", prompt];

    public Task<AgentRun> ClaudeAsync(string baseUrl, string prompt, params string[] arguments) => RunAsync(
        "claude",
        ["-p", prompt, "--output-format", "json", "--allowedTools", "Bash,Agent", .. arguments],
        new()
        {
            ["IS_SANDBOX"] = "1",
            ["ANTHROPIC_BASE_URL"] = baseUrl,
            ["ANTHROPIC_API_KEY"] = "sk-ant-dummy-0000",
            ["CLAUDE_CODE_GATEWAY_HINT_HEADERS"] = "1",
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            ["DISABLE_AUTOUPDATER"] = "1",
            ["DISABLE_TELEMETRY"] = "1",
            ["DISABLE_ERROR_REPORTING"] = "1",
        });

    /// <summary>With a provider of its own, which it calls over HTTP.</summary>
    public Task<AgentRun> CodexAsync(string baseUrl, string prompt, params string[] arguments) => CodexAsync(
        $"""
        model = "gpt-5.5"
        model_provider = "scripted"
        check_for_update_on_startup = false
        [analytics]
        enabled = false
        [model_providers.scripted]
        name = "scripted"
        base_url = "{baseUrl}"
        env_key = "OPENAI_API_KEY"
        wire_api = "responses"
        """,
        [.. arguments, prompt]);

    /// <summary>With the provider that is built in, at another address: it is called over WebSockets.</summary>
    public Task<AgentRun> CodexOverSocketAsync(string baseUrl, string prompt, params string[] arguments) => CodexAsync(
        $"""
        model = "gpt-5.5"
        openai_base_url = "{baseUrl}"
        check_for_update_on_startup = false
        [analytics]
        enabled = false
        """,
        [.. arguments, prompt]);

    private Task<AgentRun> CodexAsync(string config, string[] arguments)
    {
        var codexHome = System.IO.Directory.CreateDirectory(Path.Combine(home, ".codex")).FullName;
        File.WriteAllText(Path.Combine(codexHome, "config.toml"), config);
        return RunAsync(
            "codex",
            ["exec", "--skip-git-repo-check", "--json", .. arguments],
            new() { ["CODEX_HOME"] = codexHome, ["OPENAI_API_KEY"] = "sk-dummy-0000", ["CODEX_API_KEY"] = "sk-dummy-0000" });
    }

    public Task<AgentRun> OpencodeAsync(string baseUrl, string prompt, params string[] arguments)
    {
        var model = new { name = "scripted", tool_call = true, limit = new { context = 200_000, output = 8_000 } };
        var anthropic = new { options = new { baseURL = baseUrl + "/v1", apiKey = "sk-ant-dummy-0000" }, models = new Dictionary<string, object> { ["claude-sonnet-4-5"] = model } };
        File.WriteAllText(Path.Combine(WorkingDirectory, "opencode.json"), JsonSerializer.Serialize(new
        {
            autoupdate = false,
            share = "disabled",
            permission = new Dictionary<string, string> { ["*"] = "allow" },
            model = "anthropic/claude-sonnet-4-5",
            provider = new { anthropic },
        }));
        return RunAsync(
            "opencode",
            ["run", "--format", "json", .. arguments, prompt],
            new() { ["OPENCODE_DISABLE_AUTOUPDATE"] = "1", ["OPENCODE_DISABLE_MODELS_FETCH"] = "1", ["OPENCODE_DISABLE_DEFAULT_PLUGINS"] = "1", ["OPENCODE_DISABLE_LSP_DOWNLOAD"] = "1" });
    }

    public Task<AgentRun> GeminiAsync(string baseUrl, string prompt, params string[] arguments)
    {
        File.WriteAllText(Path.Combine(System.IO.Directory.CreateDirectory(Path.Combine(home, ".gemini")).FullName, "settings.json"), """
            {"security":{"auth":{"selectedType":"gemini-api-key"}},"general":{"disableAutoUpdate":true,"disableUpdateNag":true,"enableAutoUpdate":false},
             "telemetry":{"enabled":false},"privacy":{"usageStatisticsEnabled":false},"experimental":{"enableAgents":true}}
            """);
        return RunAsync(
            "gemini",
            ["--skip-trust", "-y", "-o", "json", "-p", prompt, .. arguments],
            new() { ["GEMINI_API_KEY"] = "dummy-0000", ["GOOGLE_GEMINI_BASE_URL"] = baseUrl, ["GEMINI_TELEMETRY_ENABLED"] = "false", ["GEMINI_CLI_NO_RELAUNCH"] = "true" });
    }

    public Task<AgentRun> PiAsync(string baseUrl, string prompt, params string[] arguments)
    {
        var settings = System.IO.Directory.CreateDirectory(Path.Combine(home, ".pi", "agent")).FullName;
        File.WriteAllText(Path.Combine(settings, "models.json"), JsonSerializer.Serialize(new { providers = new { openai = new { baseUrl } } }));
        return RunAsync(
            "pi",
            ["-p", "--provider", "openai", "--model", "gpt-5", .. arguments, prompt],
            new() { ["OPENAI_API_KEY"] = "sk-dummy-0000", ["PI_OFFLINE"] = "1", ["PI_TELEMETRY"] = "0" });
    }

    public Task<AgentRun> QwenAsync(string baseUrl, string prompt) =>
        RunAsync("qwen", QwenArguments(prompt), new(QwenEnvironment) { ["OPENAI_BASE_URL"] = baseUrl });

    public void Dispose() => System.IO.Directory.Delete(home, recursive: true);

    private async Task<AgentRun> RunAsync(string agent, string[] arguments, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(Program(agent))
        {
            WorkingDirectory = WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var path = start.Environment["PATH"];
        start.Environment.Clear();
        start.Environment["PATH"] = path;
        start.Environment["HOME"] = home;
        start.Environment["TERM"] = "dumb";
        start.Environment["LANG"] = "C.UTF-8";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(RunTimeMax);
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{agent} did not end within {RunTimeMax}:\n{await output}\n{await errors}");
        }

        return new AgentRun(process.ExitCode, await output, await errors);
    }
}
