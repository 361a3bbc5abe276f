using System.Runtime.InteropServices;
using System.Text.Json;
using Lethe.Capture.Decoding.Framing;
using Lethe.Capture.Decoding.Json;
using Lethe.Capture.Decoding.Wire;
using Lethe.Capture.Turns;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>Puts an interaction together: the whole document, or the steps that a stream told one after another, with the last word of the interaction itself.</summary>
internal sealed class InteractionsReply : IReply
{
    private readonly StreamedSteps steps = new();
    private readonly MergedObject usage = new();
    private List<ReadOnlyMemory<byte>> whole = [];
    private string? id;
    private string? model;
    private string? previous;
    private string? tier;
    private string? status;
    private ExchangeError? error;

    public void Take(FrameKind kind, ReadOnlySpan<byte> name, JsonElement json)
    {
        var phase = kind == FrameKind.Document ? "body" : "stream";
        switch (json.Text("event_type"u8))
        {
            // The first edition of the API called a step's events by its content.
            case "step.start" or "content.start":
                steps.Begin(json, json.ObjectMember("step"u8) ?? json.ObjectMember("content"u8));
                break;
            case "step.delta" or "content.delta" when json.ObjectMember("delta"u8) is { } delta:
                steps.At(json).Add(delta);
                break;
            case "step.stop" or "content.stop":
                steps.End(json);
                break;
            case "error":
                error ??= WireError.Read(json, phase);
                break;
            case { } told when told.StartsWith("interaction.", StringComparison.Ordinal):
                if (json.ObjectMember("interaction"u8) is { } interaction)
                {
                    Tell(interaction, phase);
                }

                usage.MergeCounts(json.ObjectMember("usage"u8));
                break;
            case null when json.Is("object"u8, "interaction"u8) || json.Member("steps"u8) is not null || json.Member("outputs"u8) is not null:
                Tell(json, phase);
                break;
            case null:
                error ??= kind == FrameKind.Document || name.SequenceEqual("error"u8) ? WireError.Of(json, phase) : WireError.Inside(json, phase);
                break;
        }
    }

    public Answer Finish(ReplyEnd end)
    {
        using var counts = usage.IsEmpty ? null : JsonReading.TryParse(usage.ToJson());
        return ReadSteps(whole.Count > 0 ? whole : steps.Told()) with
        {
            Id = id,
            Model = model,
            PreviousResponseId = previous,
            Stop = status,
            Usage = counts is null ? null : InteractionUsage.Read(counts.RootElement, tier),
            Error = error,
            Complete = IsOver(status) && error is null,
        };
    }

    private void Tell(JsonElement interaction, string phase)
    {
        var told = interaction.Word("id"u8);
        if (id is not null && told is not null && told != id && !IsOver(status))
        {
            // Another one begins before the first has ended: an intermediary lost its upstream and asked again.
            steps.Clear();
        }

        id = told ?? id;
        model = interaction.Word("model"u8) ?? interaction.Word("agent"u8) ?? model;
        previous ??= interaction.Word("previous_interaction_id"u8);
        tier = interaction.Word("service_tier"u8) ?? tier;
        status = interaction.Word("status"u8) ?? status;
        usage.MergeCounts(interaction.ObjectMember("usage"u8));
        if (status == "failed" || interaction.ObjectMember("error"u8) is not null)
        {
            error ??= (interaction.ObjectMember("error"u8) is null ? null : WireError.Read(interaction, phase)) ?? new ExchangeError(phase, "failed", null, null);
        }

        if (StepsOf(interaction) is { Count: > 0 } said)
        {
            whole = said;
        }
    }

    /// <summary>The steps of the answer itself: a stored interaction tells the user's with them.</summary>
    private static List<ReadOnlyMemory<byte>> StepsOf(JsonElement interaction)
    {
        List<ReadOnlyMemory<byte>> said = [];
        foreach (var step in interaction.Items("steps"u8))
        {
            if (step.Text("type"u8) is not ("user_input" or "function_result"))
            {
                said.Add(JsonMarshal.GetRawUtf8Value(step).ToArray());
            }
        }

        foreach (var output in interaction.Items("outputs"u8))
        {
            said.Add(InteractionSteps.IsContent(output.Text("type"u8)) ? RawMessage.Write(writer => WriteOutput(writer, output)) : JsonMarshal.GetRawUtf8Value(output).ToArray());
        }

        return said;
    }

    private static void WriteOutput(Utf8JsonWriter writer, JsonElement content)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "model_output"u8);
        writer.WriteStartArray("content"u8);
        writer.Raw(content);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static Answer ReadSteps(IEnumerable<ReadOnlyMemory<byte>> told)
    {
        List<Message> messages = [];
        List<ToolCall> calls = [];
        List<string> text = [];
        List<string> thoughts = [];
        foreach (var one in told)
        {
            ReadOnlyMemory<byte> raw = HalfCharacters.Unmark(one.ToArray());
            using var document = JsonReading.TryParseAssembled(raw);
            if (document is null)
            {
                continue;
            }

            var message = InteractionSteps.Read(document.RootElement, raw);
            messages.Add(message);
            ToolCallReading.Collect(message, calls);
            text.AddRange(message.Blocks.Where(block => block is { Type: "text", Text: not null }).Select(block => block.Text!));
            thoughts.AddRange(message.Blocks.Where(block => block is { Thinking.Length: > 0 }).Select(block => block.Thinking!));
        }

        return new Answer { Messages = messages, ToolCalls = calls, Text = Texts.Join(text), Reasoning = Texts.Join(thoughts) };
    }

    /// <summary>One that is queued or worked on is not the end of its answer.</summary>
    private static bool IsOver(string? status) => status is not (null or "queued" or "in_progress");
}
