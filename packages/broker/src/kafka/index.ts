/** The log on Kafka. */
export {};
