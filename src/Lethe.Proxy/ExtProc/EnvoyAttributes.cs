using System.Globalization;
using Google.Protobuf.WellKnownTypes;
using Lethe.Envoy;

namespace Lethe.Proxy.ExtProc;

/// <summary>What the data plane says of a call beside its bytes: attributes by their own names, other filters' metadata as <c>metadata.namespace.key</c>.</summary>
internal sealed class EnvoyAttributes
{
    private const int CountMax = 64;
    private const int ValueCharsMax = 2048;

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);

    public string? this[string name] => values.GetValueOrDefault(name);

    /// <summary>Notes what came with a message; a later word on the same name replaces the earlier one.</summary>
    public void Add(ProcessingRequest message)
    {
        foreach (var filter in message.Attributes.Values)
        {
            AddAll("", filter);
        }

        foreach (var (name, space) in message.MetadataContext?.FilterMetadata ?? [])
        {
            AddAll($"metadata.{name}.", space);
        }
    }

    public void Add(string name, string value)
    {
        if (value.Length > 0 && (values.Count < CountMax || values.ContainsKey(name)))
        {
            values[name] = value.Length <= ValueCharsMax ? value : value[..ValueCharsMax];
        }
    }

    /// <summary>A copy that later additions do not change.</summary>
    public IReadOnlyDictionary<string, string> Snapshot() => new Dictionary<string, string>(values, StringComparer.Ordinal);

    private void AddAll(string prefix, Struct fields)
    {
        foreach (var (name, value) in fields.Fields)
        {
            Add(prefix + name, Text(value));
        }
    }

    private static string Text(Value value) => value.KindCase switch
    {
        Value.KindOneofCase.StringValue => value.StringValue,
        Value.KindOneofCase.NumberValue => value.NumberValue.ToString("R", CultureInfo.InvariantCulture),
        Value.KindOneofCase.BoolValue => value.BoolValue ? "true" : "false",
        Value.KindOneofCase.StructValue or Value.KindOneofCase.ListValue => value.ToString(),
        _ => "",
    };
}
