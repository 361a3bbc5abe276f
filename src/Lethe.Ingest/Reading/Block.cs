namespace Lethe.Ingest.Reading;

/// <summary>A part of a message, whatever its dialect calls it: what was said, thought, asked of a tool, answered by one, or shown.</summary>
public abstract record Block;

public sealed record SaidBlock(string Text) : Block;

/// <param name="Text">Empty where the vendor keeps it to itself.</param>
public sealed record ThoughtBlock(string Text) : Block;

/// <param name="Arguments">JSON, or whatever the model wrote in its place.</param>
public sealed record ToolUseBlock(string? Id, string Name, string Arguments) : Block;

/// <param name="IsError">Null where the dialect cannot tell.</param>
public sealed record ToolResultBlock(string? Id, string Text, bool? IsError) : Block;

/// <param name="Characters">Of the data as it stands in the message (base64), 0 where only an address does.</param>
public sealed record MediaBlock(string Kind, string? MediaType, long Characters) : Block;

/// <param name="Json">As it stands in the message.</param>
public sealed record OtherBlock(string Kind, string Json) : Block;
