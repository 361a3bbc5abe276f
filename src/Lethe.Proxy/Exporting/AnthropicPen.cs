using System.Text.Json;
using Lethe.Ingest.Reading;

namespace Lethe.Proxy.Exporting;

/// <summary>The messages of Anthropic's Messages API; what the system was told stands beside them.</summary>
internal sealed class AnthropicPen : IMessagePen
{
    private readonly Utf8JsonWriter json;
    private readonly List<string> system = [];

    public AnthropicPen(Utf8JsonWriter json)
    {
        this.json = json;
        json.WriteStartArray("messages");
    }

    public void Write(SpokenRun run)
    {
        if (run.Role == SpokenRun.System)
        {
            system.AddRange(run.Blocks.Select(SpokenRun.TextOf).OfType<string>());
            return;
        }

        if (run.Blocks.Count == 0)
        {
            return;
        }

        json.WriteStartObject();
        json.WriteString("role", run.Role);
        json.WriteStartArray("content");
        foreach (var block in run.Blocks)
        {
            json.WriteStartObject();
            Write(block);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    public void End()
    {
        json.WriteEndArray();
        if (system.Count > 0)
        {
            json.WriteString("system", string.Join("\n\n", system));
        }
    }

    private void Write(Block block)
    {
        switch (block)
        {
            case ThoughtBlock thought:
                json.WriteString("type", "thinking");
                json.WriteString("thinking", thought.Text);
                break;
            case ToolUseBlock call:
                json.WriteString("type", "tool_use");
                json.WriteString("id", call.Id);
                json.WriteString("name", call.Name);
                json.WritePropertyName("input");
                ToolInput.Write(json, call.Arguments);
                break;
            case ToolResultBlock result:
                json.WriteString("type", "tool_result");
                json.WriteString("tool_use_id", result.Id);
                json.WriteString("content", result.Text);
                if (result.IsError is { } isError)
                {
                    json.WriteBoolean("is_error", isError);
                }

                break;
            default:
                json.WriteString("type", "text");
                json.WriteString("text", SpokenRun.TextOf(block));
                break;
        }
    }
}
