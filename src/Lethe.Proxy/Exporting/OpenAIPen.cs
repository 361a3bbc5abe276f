using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Exporting;

/// <summary>The messages of OpenAI's chat completions; thoughts as <c>reasoning_content</c>, as those that take them have it.</summary>
internal sealed class OpenAIPen : IMessagePen
{
    private readonly Utf8JsonWriter json;

    public OpenAIPen(Utf8JsonWriter json)
    {
        this.json = json;
        json.WriteStartArray("messages");
    }

    public void Write(SpokenRun run)
    {
        foreach (var result in run.Blocks.OfType<ToolResultBlock>())
        {
            json.WriteStartObject();
            json.WriteString("role", "tool");
            json.WriteString("tool_call_id", result.Id);
            json.WriteString("content", result.Text);
            json.WriteEndObject();
        }

        string[] texts = [.. run.Blocks.Select(SpokenRun.TextOf).OfType<string>()];
        string[] thoughts = [.. run.Blocks.OfType<ThoughtBlock>().Select(thought => thought.Text).Where(text => text.Length > 0)];
        ToolUseBlock[] calls = [.. run.Blocks.OfType<ToolUseBlock>()];
        if (texts.Length + thoughts.Length + calls.Length == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", run.Role);
        WriteContent(texts);
        if (thoughts.Length > 0)
        {
            json.WriteString("reasoning_content", string.Join('\n', thoughts));
        }

        WriteCalls(calls);
        json.WriteEndObject();
    }

    public void End() => json.WriteEndArray();

    private void WriteContent(string[] texts)
    {
        if (texts.Length < 2)
        {
            json.WriteString("content", texts.FirstOrDefault());
            return;
        }

        json.WriteStartArray("content");
        foreach (var text in texts)
        {
            json.WriteStartObject();
            json.WriteString("type", "text");
            json.WriteString("text", text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void WriteCalls(ToolUseBlock[] calls)
    {
        if (calls.Length == 0)
        {
            return;
        }

        json.WriteStartArray("tool_calls");
        foreach (var call in calls)
        {
            json.WriteStartObject();
            json.WriteString("id", call.Id);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments.Length == 0 ? "{}" : call.Arguments);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
