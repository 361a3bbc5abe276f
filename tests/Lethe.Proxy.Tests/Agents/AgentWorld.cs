using System.Security.Cryptography;
using System.Text.Json;
using Lethe.Proxy.Tests.Support;

namespace Lethe.Proxy.Tests.Agents;

/// <summary>An agent's whole world: a home, the product in front, and behind it a model whose words the test scripts.</summary>
internal sealed class AgentWorld : IAsyncDisposable
{
    private readonly EnvoyProcess? envoy;

    private AgentWorld(LetheProcess lethe, ScriptedModel model, EnvoyProcess? envoy = null)
    {
        Lethe = lethe;
        Model = model;
        this.envoy = envoy;
    }

    public LetheProcess Lethe { get; }

    public ScriptedModel Model { get; }

    public AgentHome Home { get; } = new();

    public string Anthropic => envoy?.Address ?? Lethe.Listen + "/anthropic";

    public string OpenAI => (envoy?.Address ?? Lethe.Listen + "/openai") + "/v1";

    public string Gemini => envoy?.Address ?? Lethe.Listen + "/gemini";

    public static async Task<AgentWorld> StartAsync(Func<ModelCall, ModelReply> script)
    {
        var model = await ScriptedModel.StartAsync(script);
        return new AgentWorld(await LetheProcess.StartAsync(null, LetheProcess.Upstream(model.Address)), model);
    }

    /// <summary>The same world, but that the agent calls a real Envoy, which shows the product what passes.</summary>
    /// <param name="program">Envoy's binary.</param>
    public static async Task<AgentWorld> StartBehindEnvoyAsync(string program, Func<ModelCall, ModelReply> script)
    {
        var model = await ScriptedModel.StartAsync(script);
        var envoy = await EnvoyProcess.StartAsync(program, "sidecar.yaml", model.Address);
        return new AgentWorld(await LetheProcess.StartAsync(null, ("Lethe:ExtProc:Listen", envoy.Lethe)), model, envoy);
    }

    /// <summary>Stops the product and reads its export, having seen that each call the model got is on record once, and untouched.</summary>
    public async Task<Conversation> RecordedAsync()
    {
        await Lethe.StopAsync();
        var records = (await Lethe.ExportAsync()).Where(record => record.Text("operation") == "chat").ToList();
        Assert.Equal(
            Model.Calls.Select(call => Convert.ToHexStringLower(SHA256.HashData(call.Bytes))).Order(),
            records.Select(record => record.Text("request", "sha256")!).Order());
        // Envoy adds lines of its own.
        foreach (var (name, _) in Model.Calls.SelectMany(call => envoy is null ? call.Headers : []))
        {
            Assert.DoesNotMatch("(?i)^(x-lethe-|x-tapes-|x-forwarded-|via$|forwarded$|traceparent$)", name);
        }

        return new Conversation(records);
    }

    public async ValueTask DisposeAsync()
    {
        await Lethe.DisposeAsync();
        if (envoy is not null)
        {
            await envoy.DisposeAsync();
        }

        await Model.DisposeAsync();
        Home.Dispose();
    }
}

/// <summary>The exported records of one run, with the questions that the tests ask.</summary>
internal sealed record Conversation(IReadOnlyList<JsonElement> Records)
{
    /// <summary>Harness session id → its records, in capture order.</summary>
    public ILookup<string, JsonElement> Sessions => Records.ToLookup(record => record.Text("session", "harness_session_id")!);

    /// <summary>Child session → parent session, by the harness's ids.</summary>
    public Dictionary<string, string> Parents => Records
        .Where(record => record.At("session", "parent") is { ValueKind: JsonValueKind.Object })
        .Select(record => (Child: record.Text("session", "harness_session_id")!, Parent: record.Text("session", "parent", "harness_session_id")!))
        .Distinct()
        .ToDictionary(pair => pair.Child, pair => pair.Parent);
}

internal static class JsonPath
{
    public static JsonElement? At(this JsonElement element, params string[] path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element;
    }

    public static string? Text(this JsonElement element, params string[] path) =>
        element.At(path) is { ValueKind: JsonValueKind.String } found ? found.GetString() : null;

    public static long? Number(this JsonElement element, params string[] path) =>
        element.At(path) is { ValueKind: JsonValueKind.Number } found ? found.GetInt64() : null;
}
